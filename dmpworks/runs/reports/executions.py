"""What was executed in a run, and when: the jobs' own words and AWS Batch's attempts put together."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.model import Counts, Shard
from dmpworks.runs.ledger.events import (
    AnyEvent,
    BatchAttempt,
    ErrorText,
    JobRequest,
    Observed,
    Planned,
    Started,
    Submitted,
)
from dmpworks.runs.ledger.state import LIVE, Attempt, RunState, whole_id

Ending = Literal["succeeded", "failed", "again", "interrupted", "lost"]  # lost: nobody saw an exit code
BY_CODE: dict[int | None, Ending] = {
    ExitCode.DONE: "succeeded",
    ExitCode.TRY_AGAIN: "again",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "interrupted",
    None: "lost",
}


class Execution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of one job, or of a shard of it; without end it is under way."""

    job: str
    submission: int  # 0: started by hand
    started: datetime
    asked: JobRequest = JobRequest()
    ended: datetime | None = None
    ending: Ending | None = None
    token: str | None = None
    id: str | None = None
    number: int | None = None
    shard: Shard | None = None
    shards: int = 1  # that were put together
    machine_seconds: float | None = None  # of shards together, once all have ended
    reason: str | None = None
    exit_code: int | None = None
    counts: Counts | None = None
    error: ErrorText | None = None
    peak_memory: int | None = None  # MiB
    cpu_seconds: float | None = None

    def seconds(self, now: datetime) -> float:
        """Return how long it took, or takes until now."""
        return max(((self.ended or now) - self.started).total_seconds(), 0.0)

    @property
    def cores(self) -> float | None:
        """How many cores of a machine were busy, on average."""
        if self.cpu_seconds is None or self.ended is None:
            return None
        return self.cpu_seconds / (self.machine_seconds or self.seconds(self.ended) or 1.0)


def executions(state: RunState, events: Sequence[AnyEvent]) -> list[Execution]:
    """Return all executions of a run by their start, those included that could not tell of themselves."""
    submission = _submissions(events)
    told = {event.id: event for event in events if isinstance(event, Observed) and event.id and event.tries}
    found = [
        _execution(job.name, one, submission.get(one.token, 0)) for job in state.jobs.values() for one in job.attempts
    ]
    for id, event in told.items():
        for number, one in enumerate(event.tries, 1):
            found = _with_try(found, event.job, id, number, one, submission.get(id, 0))
    ordered = sorted(found, key=lambda one: one.started)
    asked = {(plan.submission, job): asked for plan in state.submissions for job, asked in plan.jobs.items()}
    starts = _Starts(ordered)
    closed = [_closed(one, state, starts) for one in ordered]
    return [replace(one, asked=asked.get((one.submission, one.job), JobRequest())) for one in closed]


def joined(found: Sequence[Execution], state: RunState) -> list[Execution]:
    """Return executions by their start, those of one job's shards in a submission put together as one."""
    shards: dict[tuple[str, int], list[Execution]] = defaultdict(list)
    for one in found:
        if one.shard:
            shards[one.job, one.submission].append(one)
    whole = [one for one in found if not one.shard]
    return sorted([*whole, *(_joined(own, state) for own in shards.values())], key=lambda one: one.started)


def _joined(own: Sequence[Execution], state: RunState) -> Execution:
    """Return what the shards of a job did, from the first start to the last end."""
    ending = _ending(own, state)
    ends = [one.ended for one in own if one.ended]
    used = [one.cpu_seconds for one in own if one.cpu_seconds is not None]
    return replace(
        own[0],
        id=whole_id(own[0].id),
        token=None,
        number=None,
        shard=None,
        shards=own[0].shard.of if own[0].shard else 1,
        ended=max(ends) if ending else None,
        ending=ending,
        machine_seconds=sum(one.seconds(one.ended or one.started) for one in own),
        counts=next((one.counts for one in reversed(own) if one.counts), None),
        error=next((one.error for one in own if one.error), None),
        peak_memory=max((one.peak_memory for one in own if one.peak_memory is not None), default=None),
        cpu_seconds=sum(used) if used else None,
    )


def _ending(own: Sequence[Execution], state: RunState) -> Ending | None:
    """Return how shards ended together; None while one is under way, or still to come."""
    newest = {one.shard: one.ending for one in own}
    if len(newest) == (own[0].shard.of if own[0].shard else 1) and set(newest.values()) == {"succeeded"}:
        return "succeeded"
    job = state.jobs[own[0].job]
    if any(one.ended is None for one in own) or (job.status in LIVE and job.submission == own[0].submission):
        return None
    return next((ending for ending in newest.values() if ending != "succeeded"), "interrupted")


def _submissions(events: Iterable[AnyEvent]) -> dict[str, int]:
    """Return the submission of each attempt (by token) and each Batch job (by id), by the order of the ledger.

    Clocks of several machines do not agree to the second; the ledger's order does not err.
    """
    newest: dict[str, int] = {}
    found: dict[str, int] = {}
    for event in events:
        if isinstance(event, Planned):
            newest |= dict.fromkeys(event.jobs, event.submission)
        elif isinstance(event, Submitted) and event.id:
            found.setdefault(event.id, event.submission)
        elif isinstance(event, Started):
            found[event.attempt] = newest.get(event.job, 0)
    return found


def _execution(job: str, attempt: Attempt, submission: int) -> Execution:
    own = Execution(
        job=job,
        submission=submission,
        started=attempt.started.at,
        token=attempt.token,
        id=attempt.id,
        number=attempt.number,
        shard=attempt.shard,
    )
    if not (end := attempt.ended):
        return own
    figures = {name: getattr(end, name) for name in ("exit_code", "counts", "error", "peak_memory", "cpu_seconds")}
    return replace(own, ended=end.at, ending=end.outcome, **figures)


def _with_try(
    found: list[Execution], job: str, id: str, number: int, one: BatchAttempt, submission: int
) -> list[Execution]:
    """Add what AWS Batch tells of an attempt to what the attempt told itself; one that never ran is left out."""
    for place, known in enumerate(found):
        if known.id == id and (known.number == number or (known.number is None and _overlap(known, one))):
            return [*found[:place], _completed(replace(known, number=number), one), *found[place + 1 :]]
    if one.started is None:
        return found
    bare = Execution(job=job, submission=submission, started=one.started, id=id, number=number)
    return [*found, _completed(bare, one)]


def _overlap(known: Execution, one: BatchAttempt) -> bool:
    """Whether an attempt that was not told its number may be this one."""
    if one.started is None:
        return False
    return (one.stopped is None or known.started <= one.stopped) and (known.ended is None or known.ended >= one.started)


def _completed(known: Execution, one: BatchAttempt) -> Execution:
    return replace(
        known,
        ended=known.ended or one.stopped,
        ending=known.ending or BY_CODE.get(one.exit_code, "failed"),
        exit_code=known.exit_code if known.exit_code is not None else one.exit_code,
        reason=one.reason,
    )


class _Starts:
    """When executions began, by what tells that another is over: shards run side by side, submissions do not."""

    def __init__(self, ordered: Iterable[Execution]) -> None:
        self._shards: dict[tuple[str, Shard | None], list[datetime]] = defaultdict(list)
        self._submissions: dict[str, dict[int, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        for one in ordered:
            self._shards[one.job, one.shard].append(one.started)
            self._submissions[one.job][one.submission].append(one.started)

    def following(self, one: Execution) -> datetime | None:
        """Return when the next execution of the same shard began, or of a later submission."""
        later = [moments for number, moments in self._submissions[one.job].items() if number > one.submission]
        found = [_first_after(moments, one.started) for moments in (self._shards[one.job, one.shard], *later)]
        return min((each for each in found if each), default=None)


def _first_after(moments: Sequence[datetime], moment: datetime) -> datetime | None:
    place = bisect_right(moments, moment)
    return moments[place] if place < len(moments) else None


def _closed(one: Execution, state: RunState, starts: _Starts) -> Execution:
    """Return an execution that told no end with the end it must have had: its job's, or the next one's start."""
    if one.ended:
        return one
    if followed := starts.following(one):
        return replace(one, ended=followed, ending="lost")
    job = state.jobs[one.job]
    if job.status in LIVE:
        return one
    ending: Ending = "interrupted" if job.status == "cancelled" else BY_CODE.get(job.exit_code, "failed")
    return replace(one, ended=job.ended or state.changed, ending=ending, reason=job.reason, exit_code=job.exit_code)
