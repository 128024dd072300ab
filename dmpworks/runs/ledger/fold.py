"""Fold the events of a run to its state, by a table of transitions."""

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from dmpworks.errors import LedgerError
from dmpworks.runs.ledger.attempts import Attempts
from dmpworks.runs.ledger.events import (
    AnyEvent,
    Cancelling,
    Ended,
    Observed,
    OfJob,
    Planned,
    Started,
    Submitted,
    Withdrawn,
)
from dmpworks.runs.ledger.state import ENDS, LIVE, Attempt, JobState, RunState, Status, whole_id

# Of two recorded ends the stronger one wins: whoever cancelled a job knows why it failed, and output that is complete
# stays complete.
STRENGTH: tuple[Status, ...] = ("skipped", "failed", "cancelled", "withdrawn", "succeeded")

# Status -> the statuses that may follow it:
# - a resume plans any job again, whatever its status;
# - AWS Batch retries a job after it failed, and also after it succeeded on a machine that was lost before AWS Batch
#   noticed the success; a job that ended with exit code 75 waits as "submitted" for its next attempt;
# - any job may be started by hand (`aws-batch`);
# - several watchers, the container and whoever cancels record ends in any order, and the end of an earlier Batch job
#   may be recorded before the new one is recorded as sent.
FOLLOWING: dict[Status | None, frozenset[str]] = {
    **dict.fromkeys(STRENGTH, ENDS | {"planned", "submitted", "running"}),
    None: frozenset(("planned", "running")),
    "planned": ENDS | {"planned", "submitted", "running", "withdrawn"},
    "submitted": ENDS | {"planned", "running", "withdrawn"},
    "running": ENDS | {"planned", "submitted", "running", "withdrawn"},
    "withdrawn": ENDS | {"planned", "running", "withdrawn"},
}
# Fields of a previous end that a restart clears.
OPEN: dict[str, None] = dict.fromkeys(("ended", "reason", "cause", "exit_code"))


def fold(chain: str, run_id: str, events: Iterable[AnyEvent]) -> RunState:
    """Return the state of a run after these events.

    Raises LedgerError at an event that cannot follow those before it.
    """
    folding = Folding(RunState(chain=chain, run_id=run_id))
    for event in events:
        folding.add(event)
    return folding.state


def after(state: RunState, event: AnyEvent) -> RunState:
    """Return the state after one more event; raises LedgerError if it cannot follow."""
    folding = Folding(state)
    folding.add(event)
    return folding.state


class Folding:
    """State of a run while its events are added one by one.

    Attempts are kept in growing lists outside the immutable state: copying them at each event would be quadratic.
    """

    def __init__(self, state: RunState) -> None:
        self._state = state  # the attempts in it are not updated; `_attempts` has the current ones
        self._attempts = defaultdict(Attempts, {name: Attempts(job.attempts) for name, job in state.jobs.items()})

    @property
    def state(self) -> RunState:
        """The state after the events added so far."""
        jobs = {name: replace(job, attempts=self._attempts[name].values) for name, job in self._state.jobs.items()}
        return replace(self._state, jobs=jobs)

    def add(self, event: AnyEvent) -> None:
        """Add an event; raises LedgerError if it cannot follow, and then leaves the state unchanged."""
        state = self._state
        if isinstance(event, Planned):
            state = _planned(state, event)
        elif isinstance(event, Cancelling):
            state = replace(state, cancelling=(*state.cancelling, event.submission))
        else:
            job = _moved(state, self._attempts[event.job], event)
            state = replace(state, jobs=state.jobs | {event.job: job})
        self._state = replace(state, events=state.events + 1, began=state.began or event.at, changed=event.at)


def _planned(state: RunState, event: Planned) -> RunState:
    if event.submission != len(state.submissions) + 1:
        raise _illegal(state, f"submission {event.submission} follows {len(state.submissions)}")
    jobs = dict(state.jobs)
    for name, request in event.jobs.items():
        before = jobs.get(name)
        jobs[name] = JobState(
            name=name,
            status=_status(state, name, before, "planned"),
            submission=event.submission,
            request=request,
            id=before.id if before and before.status in LIVE else None,  # a live job that may be adopted
            superseded_ids=_superseded_ids(before) if before else (),
        )
    return replace(state, jobs=jobs, submissions=(*state.submissions, event))


def _superseded_ids(job: JobState, id: str | None = None) -> tuple[str, ...]:
    """Return the ids whose events are ignored once a job is planned again, or sent as another Batch job."""
    ended = job.id is not None and job.id != id and (id is not None or job.status not in LIVE)
    return (*(old for old in job.superseded_ids if old != id), *([job.id] if ended and job.id else []))


def _late(event: OfJob, job: JobState, attempts: Attempts) -> bool:
    """Return whether an event is about a Batch job of an earlier submission.

    Such events come from a slow watcher, or from a container that ran on.
    """
    if isinstance(event, Submitted):
        return False
    if isinstance(event, Ended):
        attempt = attempts.find(event.attempt)
        # a success counts even if a newer attempt has begun: its output is complete
        superseded = attempt is not attempts.last and event.outcome != "succeeded"
        return attempt is not None and (whole_id(attempt.id) in job.superseded_ids or superseded)
    return whole_id(event.id) in job.superseded_ids


def _of_one_shard(event: Ended, job: JobState, attempts: Attempts) -> bool:
    """Return whether an attempt ends while its job continues.

    The other shards still run; a failure of the job is recorded by whoever started all shards.
    """
    attempt = attempts.find(event.attempt)
    if attempt is None or attempt.shard is None:
        return False
    number, of = attempt.shard
    if event.outcome == "succeeded":
        done = attempts.done(job, of)  # not copied: it may hold thousands
        return len(done) + (number not in done) < of
    return job.submission > 0 and whole_id(attempt.id) == job.id


def _moved(state: RunState, attempts: Attempts, event: OfJob) -> JobState:
    job = state.jobs.get(event.job)
    late = job is not None and _late(event, job, attempts)
    if job and isinstance(event, Ended) and (late or _of_one_shard(event, job, attempts)):
        attempts.end(job, event)
        return job
    if job and late:
        return job
    status = _status(state, event.job, job, _target(event, job, attempts.last))
    job = replace(job, status=status) if job else JobState(name=event.job, status=status)
    match event:
        case Submitted():
            job = replace(job, batch_attempts=(), **OPEN) if status == "submitted" else job
            return replace(
                job,
                id=event.id,
                adopted=event.adopted,
                submitted=event.at,
                superseded_ids=_superseded_ids(job, event.id),
            )
        case Withdrawn():
            return replace(job, ended=event.at)
        case Started():
            attempts.begin(event)
            return replace(job, id=job.id or whole_id(event.id), **OPEN)
        case Ended():
            attempts.end(job, event)
            return replace(job, ended=event.at, exit_code=event.exit_code)
        case Observed():
            return _with_observation(job, event)


def _target(event: OfJob, job: JobState | None, last: Attempt | None) -> Status:
    match event:
        case Submitted():
            return _sent(event, job, last)
        case Withdrawn():
            return "withdrawn"
        case Started():
            return "running"
        case Ended():
            failed: Status = "submitted" if _again(event, job, last) else "failed"
            return "succeeded" if event.outcome == "succeeded" else failed
        case Observed():
            return event.state


def _sent(event: Submitted, job: JobState | None, last: Attempt | None) -> Status:
    """Return the status of a job whose submission is recorded only now: it may have begun, even ended, meanwhile."""
    if not job or (event.id is not None and event.id == job.id and job.status in ENDS):
        return job.status if job else "submitted"
    if not last or whole_id(last.id) != event.id:
        return "submitted"
    if job.status in ("running", "succeeded", "failed"):
        return job.status
    return "running" if event.adopted and last.ended is None else "submitted"


def _again(event: Ended, job: JobState | None, last: Attempt | None) -> bool:
    """Return whether AWS Batch will start another attempt by itself: exit code 75, and attempts remain."""
    if event.outcome != "again" or not job or job.status != "running" or not last or not last.number:
        return False
    return last.number < (job.request.retries or 1)


def _status(state: RunState, name: str, job: JobState | None, target: Status) -> Status:
    before = job.status if job else None
    if target not in FOLLOWING[before]:
        raise _illegal(state, f"{name}: {target} cannot follow {before or 'nothing'}")
    weaker = before in STRENGTH and target in STRENGTH and STRENGTH.index(target) < STRENGTH.index(before)
    return before if before and weaker else target


def _with_observation(job: JobState, event: Observed) -> JobState:
    stopped = [attempt.stopped for attempt in event.batch_attempts if attempt.stopped]
    return replace(
        job,
        id=job.id or event.id,
        reason=event.reason,
        cause=event.cause,
        exit_code=event.exit_code if event.exit_code is not None else job.exit_code,
        submitted=event.created or job.submitted,
        ended=(stopped[-1] if stopped else None) or job.ended or event.at,
        batch_attempts=event.batch_attempts or job.batch_attempts,
    )


def _illegal(state: RunState, why: str) -> LedgerError:
    return LedgerError(
        "the ledger of a run contradicts itself",
        on=f"runs/{state.chain}/{state.run_id}, event {state.events + 1}: {why}",
        next=f"dmpworks runs reconcile {state.chain}/{state.run_id} --repair",
    )
