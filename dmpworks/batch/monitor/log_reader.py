"""Read or follow the logs of a run, on AWS Batch or local."""

from collections.abc import Iterator
from typing import NamedTuple

from dmpworks.batch.aws_errors import asking
from dmpworks.batch.describe import BatchJob, describe
from dmpworks.batch.monitor.context import RunContext
from dmpworks.batch.monitor.log_streams import LogPlace, ids_of, log_places
from dmpworks.errors import SettingsError
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.state import OVER, RunState
from dmpworks.runs.ledger.store import Ledger
from dmpworks.runs.logs import Line

PAUSE = 3.0  # seconds between two reads; CloudWatch lags about as much
LATE = 2  # further reads of a log after its job is over


class Moment(NamedTuple):
    """A run at one moment; `locked`: a process may still submit jobs of it."""

    state: RunState
    batch: dict[str, BatchJob]
    locked: bool

    def over(self, job: str | None) -> bool:
        """Return whether a job (None: every job) will write nothing more."""
        return all(self._ended(known.name) for known in self.state.current if job in (None, known.name))

    def _ended(self, name: str) -> bool:
        job = self.state.jobs[name]
        if batch_job := self.batch.get(job.id or ""):
            return batch_job.ended
        return job.status in OVER or not self.locked


class LogReader:
    """Reads the logs of a run's newest submission."""

    def __init__(self, ledger: Ledger, context: RunContext) -> None:
        self._ledger, self._context = ledger, context

    def read(self, job: str | None, attempt: int | None) -> Iterator[tuple[LogPlace, Line]]:
        """Yield the lines of the newest attempt of a job; by default the job that runs, else failed, else ran last.

        Raises SettingsError if there is no log.
        """
        moment = self._moment()
        name = job or _default_job(moment.state)
        places = [place for place in self._places(moment) if place.job == name and attempt in (None, place.attempt)]
        if not places:
            raise _no_log(moment, name, attempt)
        failed = set(moment.state.jobs[name].failed_shards) if name else set()
        yield from self._more(([place for place in places if place.shard in failed] or places)[-1])

    def follow(self, job: str | None, attempt: int | None) -> Iterator[tuple[LogPlace, Line]]:
        """Yield lines as they are written, until the job (None: the whole run) is over."""
        places: dict[tuple[str, str], LogPlace] = {}
        late = 0
        while late <= LATE:
            moment = self._moment()
            late += moment.over(job)
            for place in self._places(moment):
                if job in (None, place.job) and attempt in (None, place.attempt):
                    places.setdefault((place.job, place.name), place)
            for place in places.values():
                yield from self._more(place)
            self._context.sleep(PAUSE)

    def _moment(self) -> Moment:
        _, state, locked = current_state(self._ledger)
        ids = {id for job in state.current for id in [job.id, *ids_of(job)] if id}
        if not self._context.batch or not ids:
            return Moment(state, {}, locked)
        with asking(f"AWS Batch about {state.name}", f"dmpworks runs logs {state.name}"):
            return Moment(state, describe(self._context.batch, ids), locked)

    def _places(self, moment: Moment) -> Iterator[LogPlace]:
        return log_places(self._ledger, moment.state, moment.batch, self._context)

    def _more(self, place: LogPlace) -> Iterator[tuple[LogPlace, Line]]:
        with asking(f"the log {place.name}", f"dmpworks runs logs {self._ledger.run} {place.job}"):
            for line in place.log.more():
                yield place, line


def _default_job(state: RunState) -> str | None:
    """Return the job whose log is most useful: the one that runs, else failed, else ran last."""
    begun = [job for job in state.current if job.own or job.batch_attempts]
    for status in ("running", "failed"):
        if names := [job.name for job in state.current if job.status == status]:
            return names[-1]
    return (begun or state.current)[-1].name if state.current else None


def _no_log(moment: Moment, job: str | None, attempt: int | None) -> SettingsError:
    known = moment.state.jobs.get(job or "")
    batch_job = moment.batch.get(known.id or "") if known else None
    reason = (batch_job.reason if batch_job else known.reason) if known else None
    which = f" of attempt {attempt}" if attempt else ""
    run = moment.state.name
    wait = "" if moment.over(job) else f"wait for it: dmpworks runs logs {run} {job} --follow, or: "
    return SettingsError(
        f"there is no log{which}",
        on=f"{run} {job}: {reason or (known.status if known else 'not in the ledger')}",
        next=f"{wait}dmpworks runs show {run}",
    )
