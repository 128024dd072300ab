"""A plan for people: what would be submitted, what is left out and why, and what it may cost."""

from collections.abc import Mapping, Sequence

from dmpworks.batch.costs import Estimate
from dmpworks.batch.submission.plan import SubmissionPlan
from dmpworks.commands.shared.tables import print_lines, print_table
from dmpworks.formatting import duration, money

COLUMNS = ("job", "queue", "definition", "vCPU", "MiB", "shards", "time-out", "retries", "depends on", "estimated cost")


def show_plan(plan: SubmissionPlan, costs: Mapping[str, Estimate], after: Sequence[str] = ()) -> None:
    """Print a plan; its first job depends on `after`."""
    print_lines(f"{plan.chain} {plan.run_id} on {plan.env}: would be submitted")
    print_table(COLUMNS, _rows(plan, costs, after), right=("vCPU", "MiB", "shards", "retries"))
    print_lines(*(f"left out: {job}: {why}" for job, why in plan.skipped.items()), _total(costs))


def _rows(plan: SubmissionPlan, costs: Mapping[str, Estimate], after: Sequence[str]) -> list[list[str]]:
    before = [", ".join(after) or "-", *plan.jobs]
    return [
        [
            job,
            asked.queue or "",
            plan.definition,
            str(asked.vcpus),
            f"{asked.memory:,}",
            str(asked.shards or 1),
            duration(asked.timeout),
            str((asked.retries or 1) - 1),
            depends,
            str(costs[job]),
        ]
        for (job, asked), depends in zip(plan.asked.items(), before, strict=False)
    ]


def _total(costs: Mapping[str, Estimate]) -> str:
    known = [each.usual for each in costs.values() if each.usual is not None]
    if not known:
        return "an estimate: no earlier run shows how long the jobs take; the most is what the time-outs allow"
    text = f"an estimate, as long as earlier runs took: {money(sum(known))}"
    return text if len(known) == len(costs) else f"{text} without the jobs that never ran before"
