"""Cancel a run on AWS Batch: terminate its jobs from the last to the first, and wait until all have ended."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING

from dmpworks.batch.aws_errors import asking
from dmpworks.batch.describe import CANCELLED, BatchJob, describe, jobs_named, observed
from dmpworks.batch.submission.plan import name_prefix
from dmpworks.runs.ledger.events import Cancelling, Observed
from dmpworks.runs.ledger.locks import HeldLock
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, who

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

FIRST, MOST, GROWTH = 2.0, 15.0, 1.5  # seconds between two polls: first, maximum, and factor


class Cancellation:
    """Cancels a run, under the lock of its chain; safe to repeat after an interruption."""

    def __init__(self, client: "BatchClient", ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self._client, self._ledger, self._clock = client, ledger, clock

    def terminate_jobs(self, held: HeldLock) -> list[str]:
        """Terminate every live job of the run, the last first, and return their names."""
        state = self._ledger.state()
        with self._asking():
            live = [job for job in self._jobs(state) if not job.ended]
            held.check()
            if live and state.newest and state.newest.submission not in state.cancelling:
                self._ledger.append(Cancelling(at=self._clock(), by=who(), submission=state.newest.submission))
            for job in reversed(live):  # so that no later job starts meanwhile
                self._client.terminate_job(jobId=job.id, reason=f"{CANCELLED} by {who()}")
        return [_name(state, job) for job in live]

    def wait(self, sleep: Callable[[float], None]) -> RunState:
        """Wait until every job has ended, record each end, and return the state of the run."""
        pause = FIRST
        with self._asking():
            jobs = {job.id: job for job in self._jobs(self._ledger.state())}
            while live := [id for id, job in jobs.items() if not job.ended]:
                sleep(pause)
                pause = min(pause * GROWTH, MOST)
                jobs |= describe(self._client, live)
        return self._record(jobs.values())

    def _asking(self) -> AbstractContextManager[None]:
        run = self._ledger.run
        return asking(f"AWS Batch about {run}", f"dmpworks runs cancel {run}")

    def _jobs(self, state: RunState) -> list[BatchJob]:
        """Return the Batch jobs of a run in the order of the chain; found by name, since some may be unrecorded."""
        queues = {job.request.queue for job in state.current if job.request.queue}
        order = [job.name for job in state.current]
        jobs = [job for job in jobs_named(self._client, queues, _prefix(state)) if _name(state, job) in order]
        return sorted(jobs, key=lambda job: order.index(_name(state, job)))

    def _record(self, jobs: Iterable[BatchJob]) -> RunState:
        """Record the ends that are not in the ledger yet, of the newest Batch job of each name."""
        events, state = self._ledger.events(), self._ledger.state()
        known = {event.id for event in events if isinstance(event, Observed)}
        for name, job in {_name(state, job): job for job in jobs}.items():
            current = state.jobs[name]
            if job.id not in known and current.id in (None, job.id) and current.status != "withdrawn":
                state = self._ledger.append(observed(job, name, at=self._clock(), by=who()))
        return state


def _prefix(state: RunState) -> str:
    env = state.newest.settings["ENV"] if state.newest else ""
    return f"{name_prefix(env, state.chain)}{state.run_id}-"


def _name(state: RunState, job: BatchJob) -> str:
    """Return a Batch job's name in its chain."""
    return job.name.removeprefix(_prefix(state))
