"""Record the start and end of an attempt in the ledger, from within the job."""

from collections.abc import Mapping

from dmpworks.errors import DmpworksError, TemporaryError
from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.model import WHOLE, Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.jobs.usage import Usage
from dmpworks.runs.ledger.events import Ended, ErrorText, Outcome, Started
from dmpworks.runs.ledger.store import Ledger, RunName, now, who


class LedgerReport:
    """Writes the start and end of one attempt; a write that fails is reported and does not fail the job."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._id, number = environ.get("AWS_BATCH_JOB_ID"), environ.get("AWS_BATCH_JOB_ATTEMPT", "")
        self._number = int(number) if number.isdigit() else None
        self._begun = False  # the start is in the ledger, so that the end may follow unchecked

    def started(self, run: Run) -> None:
        """Record that an attempt begins."""
        event = Started(
            at=now(),
            by=who(),
            job=run.job,
            attempt=run.token,
            id=self._id,
            number=self._number,
            shard=None if run.shard == WHOLE else run.shard,
        )
        self._begun = _written(run, event, unread=True)

    def ended(self, run: Run, result: Counts | Partial | BaseException, usage: Usage) -> None:
        """Record how an attempt ended. The counts of a job with shards come from the shard that completes it."""
        outcome, exit_code = _outcome(result)
        event = Ended(
            at=now(),
            by=who(),
            job=run.job,
            attempt=run.token,
            outcome=outcome,
            counts=result if isinstance(result, Counts) else None,
            error=_error_text(result),
            exit_code=exit_code,
            peak_memory=usage.peak_memory,
            cpu_seconds=usage.cpu_seconds,
        )
        _written(run, event, unread=self._begun)


def _written(run: Run, event: Started | Ended, *, unread: bool) -> bool:
    """Write an event and return whether that succeeded; `unread`: without checking it against the events before it."""
    ledger = Ledger(run.bucket, RunName(run.chain, run.run_id))
    try:
        if unread:
            ledger.append_unchecked(event)
        else:
            ledger.append(event)
    except (DmpworksError, OSError) as error:
        why = f"{error.what} ({error.on})" if isinstance(error, DmpworksError) else str(error)
        run.progress(f"could not write to the ledger: {why}; repair it: dmpworks runs reconcile --repair")
        return False
    return True


def _outcome(result: Counts | Partial | BaseException) -> tuple[Outcome, int]:
    match result:
        case Counts() | Partial():
            return "succeeded", 0
        case KeyboardInterrupt():
            return "interrupted", ExitCode.INTERRUPTED
        case TemporaryError():
            return "again", result.exit_code
        case DmpworksError():
            return "failed", result.exit_code
    return "failed", 1


def _error_text(result: Counts | Partial | BaseException) -> ErrorText | None:
    match result:
        case Counts() | Partial() | KeyboardInterrupt():
            return None
        case DmpworksError():
            return ErrorText(result.what, result.on, result.next)
    return ErrorText(
        f"{type(result).__name__}: {result}"[:500], "a bug in dmpworks", "the traceback is in the job's log"
    )
