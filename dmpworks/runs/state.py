"""The state of a run: the fold of its events, by a table of transitions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from dmpworks.errors import LedgerError
from dmpworks.jobs.model import Counts
from dmpworks.runs.events import (
    AnyEvent,
    Asked,
    Cancelling,
    Ended,
    Observed,
    Outcome,
    Planned,
    Started,
    Submitted,
    Told,
    Try,
    Withdrawn,
)

Status = Literal["planned", "submitted", "running", "succeeded", "failed", "skipped", "cancelled", "withdrawn"]
RunStatus = Literal["running", "succeeded", "failed", "cancelled", "incomplete"]
LIVE: frozenset[str] = frozenset(("submitted", "running"))
ENDS = frozenset(("succeeded", "failed", "skipped", "cancelled"))

# From a status to those that may follow it. A resume plans again whatever stands; a retried job runs again after it
# failed, or after it succeeded on a machine that was lost before AWS Batch knew; a job that is withdrawn or cancelled
# may still have time to say that it was interrupted.
FOLLOWING: dict[Status | None, frozenset[str]] = {
    None: frozenset(("planned", "running")),  # running: started by hand with `aws-batch`
    "planned": ENDS | {"planned", "submitted", "running", "withdrawn"},
    "submitted": ENDS | {"planned", "running", "withdrawn"},
    "running": ENDS | {"planned", "running", "withdrawn"},
    "succeeded": frozenset(("planned", "running", "succeeded", "failed")),
    "failed": frozenset(("planned", "running", "succeeded", "failed", "cancelled")),
    "skipped": frozenset(("planned", "skipped")),
    "cancelled": frozenset(("planned", "cancelled", "failed")),
    "withdrawn": frozenset(("planned", "withdrawn", "running", "failed", "cancelled")),
}
# What stays as it is although such an event follows: complete output is no failure, and who cancelled knows why.
STAYING = {("succeeded", "failed"), ("cancelled", "failed"), ("withdrawn", "failed"), ("withdrawn", "cancelled")}


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a job, as it told itself."""

    token: str
    started: datetime
    by: str
    id: str | None = None
    number: int | None = None
    ended: datetime | None = None
    outcome: Outcome | None = None
    exit_code: int | None = None
    counts: Counts | None = None
    error: Told | None = None
    peak_memory: int | None = None  # MiB
    cpu_seconds: float | None = None


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job of a run stands; all but its attempts is of its newest submission."""

    name: str
    status: Status
    submission: int = 0  # 0: started by hand
    asked: Asked = Asked()
    id: str | None = None
    adopted: bool = False
    submitted: datetime | None = None
    ended: datetime | None = None
    reason: str | None = None
    cause: str | None = None
    exit_code: int | None = None
    tries: tuple[Try, ...] = ()  # as AWS Batch told them
    attempts: tuple[Attempt, ...] = ()  # of all submissions, as they told themselves

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def own(self) -> tuple[Attempt, ...]:
        """The attempts since the newest submission, or of the Batch job that it adopted."""
        since = self.submitted
        return tuple(
            one for one in self.attempts if since is None or one.started >= since or (one.id and one.id == self.id)
        )


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its ledger tells it."""

    chain: str
    run_id: str
    jobs: dict[str, JobState] = {}  # in the chain's order as far as it is known
    submissions: tuple[Planned, ...] = ()
    cancelling: tuple[int, ...] = ()  # submissions whose end was asked for
    events: int = 0
    began: datetime | None = None
    changed: datetime | None = None

    @property
    def name(self) -> str:
        """What commands call the run: `<chain>/<run id>`."""
        return f"{self.chain}/{self.run_id}"

    @property
    def newest(self) -> Planned | None:
        """The newest submission."""
        return self.submissions[-1] if self.submissions else None

    @property
    def current(self) -> list[JobState]:
        """The jobs of the newest submission, in order; those started by hand where there is none."""
        return [self.jobs[name] for name in self.newest.jobs] if self.newest else list(self.jobs.values())

    @property
    def live(self) -> list[JobState]:
        """The jobs that were sent and have not ended as far as the ledger knows."""
        return [job for job in self.current if job.status in LIVE]

    @property
    def status(self) -> RunStatus:
        """The run in one word; incomplete: a submission that broke off, or was withdrawn."""
        statuses = {job.status for job in self.current}
        if statuses & LIVE:
            return "running"
        for word in ("cancelled", "failed"):
            if word in statuses:
                return word
        return "succeeded" if statuses == {"succeeded"} else "incomplete"


def fold(chain: str, run_id: str, events: Iterable[AnyEvent]) -> RunState:
    """Return the state of a run after these events; raises LedgerError at one that cannot follow."""
    state = RunState(chain=chain, run_id=run_id)
    for event in events:
        state = after(state, event)
    return state


def after(state: RunState, event: AnyEvent) -> RunState:
    """Return the state after one more event; raises LedgerError when it cannot follow."""
    if isinstance(event, Planned):
        state = _planned(state, event)
    elif isinstance(event, Cancelling):
        state = replace(state, cancelling=(*state.cancelling, event.submission))
    else:
        job = state.jobs.get(event.job)
        state = replace(state, jobs=state.jobs | {event.job: _moved(state, job, event)})
    return replace(state, events=state.events + 1, began=state.began or event.at, changed=event.at)


def _planned(state: RunState, event: Planned) -> RunState:
    if event.submission != len(state.submissions) + 1:
        raise _illegal(state, f"submission {event.submission} follows {len(state.submissions)}")
    jobs = dict(state.jobs)
    for name, asked in event.jobs.items():
        before = jobs.get(name)
        jobs[name] = JobState(
            name=name,
            status=_status(state, name, before, "planned"),
            submission=event.submission,
            asked=asked,
            id=before.id if before and before.status in LIVE else None,  # a twin that may be adopted
            attempts=before.attempts if before else (),
        )
    return replace(state, jobs=jobs, submissions=(*state.submissions, event))


def _moved(
    state: RunState, job: JobState | None, event: Submitted | Withdrawn | Started | Ended | Observed
) -> JobState:
    target = _target(event, job)
    status = _status(state, event.job, job, target)
    job = job or JobState(name=event.job, status=status)
    job = replace(job, status=status)
    match event:
        case Submitted():
            return replace(job, id=event.id, adopted=event.adopted, submitted=event.at)
        case Withdrawn():
            return replace(job, ended=event.at)
        case Started():
            begun = Attempt(token=event.attempt, started=event.at, by=event.by, id=event.id, number=event.number)
            return replace(job, attempts=(*job.attempts, begun), id=job.id or event.id, ended=None, reason=None)
        case Ended():
            return replace(_with_end(job, event), ended=event.at, exit_code=event.exit_code)
        case Observed():
            return _with_observation(job, event)


def _target(event: Submitted | Withdrawn | Started | Ended | Observed, job: JobState | None) -> Status:
    match event:
        case Submitted():
            running = event.adopted and job and job.last and job.last.id == event.id and job.last.ended is None
            return "running" if running else "submitted"
        case Withdrawn():
            return "withdrawn"
        case Started():
            return "running"
        case Ended():
            return "succeeded" if event.outcome == "succeeded" else "failed"
        case Observed():
            return event.state


def _status(state: RunState, name: str, job: JobState | None, target: Status) -> Status:
    before = job.status if job else None
    if target not in FOLLOWING[before]:
        raise _illegal(state, f"{name}: {target} cannot follow {before or 'nothing'}")
    return before if before and (before, target) in STAYING else target


def _with_end(job: JobState, event: Ended) -> JobState:
    ended = [
        replace(
            one,
            ended=event.at,
            outcome=event.outcome,
            exit_code=event.exit_code,
            counts=event.counts,
            error=event.error,
            peak_memory=event.peak_memory,
            cpu_seconds=event.cpu_seconds,
        )
        if one.token == event.attempt
        else one
        for one in job.attempts
    ]
    return replace(job, attempts=tuple(ended))


def _with_observation(job: JobState, event: Observed) -> JobState:
    stopped = [one.stopped for one in event.tries if one.stopped]
    return replace(
        job,
        id=job.id or event.id,
        reason=event.reason,
        cause=event.cause,
        exit_code=event.exit_code if event.exit_code is not None else job.exit_code,
        submitted=event.created or job.submitted,
        ended=(stopped[-1] if stopped else None) or job.ended or event.at,
        tries=event.tries or job.tries,
    )


def _illegal(state: RunState, why: str) -> LedgerError:
    return LedgerError(
        "the ledger of a run contradicts itself",
        on=f"runs/{state.chain}/{state.run_id}, event {state.events + 1}: {why}",
        next=f"dmpworks runs reconcile {state.chain}/{state.run_id} --repair",
    )
