"""A submission plan for people: what would be submitted, what is left out and why, and what it may cost."""

from collections.abc import Iterable, Mapping, Sequence

from dmpworks.batch.costs import Estimate
from dmpworks.batch.submission.plan import SubmissionPlan
from dmpworks.commands.shared.tables import print_lines, print_table, wrapped
from dmpworks.formatting import duration, memory, money
from dmpworks.runs.ledger.events import JobRequest


def show_plan(plan: SubmissionPlan, costs: Mapping[str, Estimate], after: Sequence[str] = ()) -> None:
    """Print a plan; its first job depends on the jobs in `after`."""
    print_lines(f"{plan.chain} {plan.run_id} on {plan.env}: would be submitted")
    print_lines(*wrapped("  queue:      ", _queues(plan.asked)), *wrapped("  definition: ", plan.definition))
    if after:
        print_lines(*wrapped("  waits for:  ", ", ".join(after)))
    if len(plan.jobs) > 1:
        print_lines("  order:      each job waits for the one above it")
    print_lines("")
    rows = [_row(job, asked, costs[job]) for job, asked in plan.asked.items()]
    columns = ["job", "vCPU", "memory", "shards", "time-out", "attempts", "cost"]
    if not any(asked.shards for asked in plan.asked.values()):
        columns.remove("shards")
    print_table(columns, [[row[column] for column in columns] for row in rows], right=columns[1:])
    print_lines("", *(line for job, why in plan.skipped.items() for line in wrapped("left out: ", f"{job}: {why}")))


def show_total(costs: Iterable[Estimate], doctor: str) -> None:
    """Print what all jobs may cost together, and which command makes the checks that a dry run leaves out."""
    print_lines(*wrapped("cost, an estimate: ", _total(list(costs))))
    print_lines(f"not checked: queues, bucket, inputs. next: {doctor}")


def _queues(asked: Mapping[str, JobRequest]) -> str:
    """Return the queue that all jobs go to, or each queue with its jobs."""
    queues: dict[str, list[str]] = {}
    for job, request in asked.items():
        queues.setdefault(request.queue or "", []).append(job)
    return (
        next(iter(queues)) if len(queues) == 1 else "; ".join(f"{name}: {', '.join(queues[name])}" for name in queues)
    )


def _row(job: str, asked: JobRequest, cost: Estimate) -> dict[str, str]:
    return {
        "job": job,
        "vCPU": f"{asked.vcpus:,}",
        "memory": memory(asked.memory),
        "shards": f"{asked.shards or 1:,}",
        "time-out": duration(asked.timeout),
        "attempts": str(asked.retries or 1),
        "cost": str(cost),
    }


def _total(costs: Sequence[Estimate]) -> str:
    usual = [cost.usual for cost in costs if cost.usual is not None]
    ceiling = sum(cost.ceiling for cost in costs if cost.usual is None)
    limit = f"at most {money(ceiling)} if each job ran once until its time-out, for no earlier run shows its time"
    if not usual:
        return limit
    jobs = len(costs) - len(usual)
    known = f"{money(sum(usual))} if jobs take as long as in earlier runs"
    return f"{known}; {jobs} more: {limit}" if jobs else known
