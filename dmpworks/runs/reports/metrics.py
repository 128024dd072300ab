"""Figures of a run for `runs show`, `compare` and `report`, derived from its ledger alone."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from dmpworks.formatting import HOUR
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.events import AnyEvent, ErrorText, JobRequest, Where
from dmpworks.runs.ledger.state import JobState, RunState, RunStatus, Status
from dmpworks.runs.ledger.store import Ledger
from dmpworks.runs.reports.executions import Execution, executions, joined
from dmpworks.runs.reports.timeline import Timeline, timelines

Hourly = Callable[[JobRequest], float]  # dollars an hour for a machine of this size
WHERE = {"batch": "on AWS Batch", "local": "on one machine", None: "by hand"}


class JobFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Figures of a job over all submissions of its run.

    Counts, memory and CPU are those of its last successful execution. Each shard counts as an execution; memory is the
    maximum over shards, CPU and time are sums.
    """

    job: str
    status: Status
    request: JobRequest = msgspec.field(default=JobRequest(), name="asked")
    executions: int = 0
    lost: int = 0
    waited: float = 0.0  # seconds
    ran: float = 0.0  # seconds, sum over all executions
    took: float | None = None  # seconds, the last execution
    counts: Counts | None = None
    peak_memory: int | None = None  # MiB
    cpu_seconds: float | None = None
    cores: float | None = None  # busy on average
    cost: float | None = None  # dollars, an estimate; None for local runs
    in_vain: float | None = None  # the part of the cost for executions that did not succeed
    reason: str | None = None
    cause: str | None = None
    exit_code: int | None = None  # of the last execution
    error: ErrorText | None = None
    left_out: str | None = None  # why the newest submission did not include it


class RunFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a whole run."""

    chain: str
    run_id: str
    status: RunStatus
    where: Where | None
    began: datetime | None
    ended: datetime | None
    by: str | None  # who sent the newest submission
    submissions: int
    version: str | None
    definition: str | None
    image: str | None
    settings: dict[str, str]
    jobs: tuple[JobFigures, ...]
    took: float = 0.0  # seconds, sum over submissions: the time between them does not count

    @property
    def name(self) -> str:
        """`<chain>/<run id>`, as commands take it."""
        return f"{self.chain}/{self.run_id}"

    @property
    def cost(self) -> float | None:
        """Estimated cost so far in dollars; None if nothing was priced."""
        costs = [job.cost for job in self.jobs if job.cost is not None]
        return sum(costs) if costs else None

    @property
    def in_vain(self) -> float:
        """The part of the cost for executions that did not succeed."""
        return sum(job.in_vain or 0.0 for job in self.jobs)

    @property
    def waited(self) -> float:
        """Seconds that jobs waited for machines, in total."""
        return sum(job.waited for job in self.jobs)

    @property
    def ran(self) -> float:
        """Seconds that jobs ran, failed executions included."""
        return sum(job.ran for job in self.jobs)

    def seconds(self, now: datetime) -> float:
        """Return the duration of all submissions; of jobs started by hand, from the first start to the end, or now."""
        if self.submissions:
            return self.took
        return ((self.ended or now) - self.began).total_seconds() if self.began else 0.0


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A run read from its ledger: state, events, executions, timelines and figures."""

    state: RunState
    events: tuple[AnyEvent, ...]
    executions: tuple[Execution, ...]
    timelines: tuple[Timeline, ...]
    figures: RunFigures


def read_run(ledger: Ledger, now: datetime, hourly: Hourly | None = None) -> Reading:
    """Read a run from its ledger; without `hourly` nothing is priced."""
    events, state, _ = current_state(ledger)
    all_executions = executions(state, events)
    times = timelines(state, events, all_executions, now)
    return Reading(
        state=state,
        events=tuple(events),
        executions=tuple(all_executions),
        timelines=tuple(times),
        figures=_figures(state, all_executions, times, now, hourly),
    )


def _figures(
    state: RunState, executions: Sequence[Execution], times: Sequence[Timeline], now: datetime, hourly: Hourly | None
) -> RunFigures:
    newest = state.newest
    jobs = [_job(state, state.jobs[name], executions, times, now, hourly) for name in _in_order(state)]
    return RunFigures(
        chain=state.chain,
        run_id=state.run_id,
        status=state.status,
        where=newest.where if newest else None,
        began=state.began,
        ended=None if state.live else _end(state, times),
        by=newest.by if newest else None,
        submissions=len(state.submissions),
        version=newest.version if newest else None,
        definition=newest.definition if newest else None,
        image=newest.image if newest else None,
        settings=newest.settings if newest else {},
        jobs=tuple(jobs),
        took=sum((time.ended - time.began).total_seconds() for time in times),
    )


def _in_order(state: RunState) -> list[str]:
    """Return the jobs in the order of the chain: those left out of the newest submission precede those in it."""
    newest = state.newest
    known = [*newest.skipped, *newest.jobs] if newest else []
    return [name for name in known if name in state.jobs] + [name for name in state.jobs if name not in known]


def _end(state: RunState, times: Sequence[Timeline]) -> datetime | None:
    """Return when the last job ended, which may be long before its end was recorded."""
    ends = [time.ended for time in times if any(lane.executions or lane.waits for lane in time.lanes)]
    return max(ends) if ends else state.changed


def _job(
    state: RunState,
    job: JobState,
    executions: Sequence[Execution],
    times: Sequence[Timeline],
    now: datetime,
    hourly: Hourly | None,
) -> JobFigures:
    own = [one for one in executions if one.job == job.name]
    whole = joined(own, state)
    last = next((one for one in reversed(whole) if one.ending == "succeeded"), whole[-1] if whole else None)
    waits = [wait for time in times for lane in time.lanes if lane.job == job.name for wait in lane.waits]
    return JobFigures(
        job=job.name,
        status=job.status,
        request=job.request,
        executions=len(own),
        lost=sum(one.ending == "lost" for one in own),
        waited=sum(wait.seconds(now) for wait in waits),
        ran=sum(one.seconds(now) for one in own),
        took=last.seconds(now) if last else None,
        counts=last.counts if last else None,
        peak_memory=last.peak_memory if last else None,
        cpu_seconds=last.cpu_seconds if last else None,
        cores=last.cores if last else None,
        cost=_cost(own, now, hourly),
        in_vain=_cost([one for one in own if one.ending not in ("succeeded", None)], now, hourly),
        reason=job.reason or ("interrupted" if whole and whole[-1].ending == "interrupted" else None),
        cause=job.cause,
        exit_code=job.exit_code or (whole[-1].exit_code if whole else None),
        error=whole[-1].error if whole and job.status != "succeeded" else None,
        left_out=(state.newest.skipped if state.newest else {}).get(job.name),
    )


def _cost(own: Sequence[Execution], now: datetime, hourly: Hourly | None) -> float | None:
    """Return the cost of these executions in dollars; AWS charges for failed ones too."""
    priced = [one for one in own if one.request.vcpus is not None]
    if not hourly or not priced:
        return None
    return sum(hourly(one.request) * one.seconds(now) / HOUR for one in priced)
