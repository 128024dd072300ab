"""Every exception that dmpworks raises; `cli.py` turns each into three lines and an exit code.

::

    DmpworksError
    ├─ SettingsError      which setting, where we looked, what is allowed              exit 2
    ├─ PreflightError     every failed check at once, with a hint each                 exit 2
    ├─ SubmitError        which job; what was submitted and withdrawn; how to resume   exit 1
    ├─ JobError           chain, job, run id, the thing that failed                    exit 1
    │   ├─ DownloadError  a source is short, changed, of the wrong hash or out of reach
    │   ├─ TransformError every failed file, or too many bad records
    │   │   └─ DamagedFileError  a file of the input that must be replaced
    │   ├─ AuditError     an audit of the works index stopped the run
    │   ├─ SyncError      documents refused by the search engine, with counts and samples
    │   ├─ MergeError     plans whose matches could not be merged
    │   └─ DatabaseError  the DMP Tool's database cannot be used: its tables, the user's rights, read-only
    ├─ LedgerError        events of a run that contradict each other, or cannot be read   exit 1
    └─ TemporaryError     throttled or unreachable: worth another attempt              exit 75

Anything else that escapes is a bug and keeps its traceback.
"""

from collections.abc import Sequence
from typing import TypeVar

from dmpworks.exit_codes import ExitCode
from dmpworks.formatting import without_secrets

E = TypeVar("E", bound="DmpworksError")


class DmpworksError(Exception):
    """A failure in three texts: what failed, on what, and what to do next (a command to paste).

    Secrets in the addresses of `what` and `on` are masked here, before a log, the ledger or a terminal gets them.
    """

    exit_code: int = ExitCode.FAILED

    def __init__(self, what: str, *, on: str, next: str) -> None:
        what, on = without_secrets(what), without_secrets(on)
        super().__init__(what, on, next)
        self.what, self.on, self.next = what, on, next

    def __str__(self) -> str:
        return f"{self.what}\n  on: {self.on}\n  next: {self.next}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: keyword-only arguments are lost by the default pickling."""
        return _rebuild, (type(self), self.what, self.on, self.next)


def merge_errors(errors: Sequence[E]) -> E:
    """Return several errors as one, what they have in common said once."""
    first, *others = errors
    if others:
        texts = [(error.what, error.on, error.next) for error in errors]
        first.what, first.on, first.next = ("; ".join(dict.fromkeys(each)) for each in zip(*texts, strict=True))
    return first


def first_few(texts: Sequence[str], most: int = 10, between: str = "; ") -> str:
    """Return the first of many texts as one, and how many more there are."""
    more = [f"and {len(texts) - most:,} more"] if len(texts) > most else []
    return between.join([*texts[:most], *more])


def _rebuild(kind: type[DmpworksError], what: str, on: str, next: str) -> DmpworksError:
    return kind(what, on=on, next=next)


class SettingsError(DmpworksError):
    """A setting is missing, unknown or not allowed."""

    exit_code = ExitCode.USAGE


class PreflightError(DmpworksError):
    """A check before the start failed; nothing was begun."""

    exit_code = ExitCode.USAGE


class SubmitError(DmpworksError):
    """AWS Batch refused a job of a chain."""


class JobError(DmpworksError):
    """A job of a run failed."""


class DownloadError(JobError):
    """A source could not be copied whole."""


class TransformError(JobError):
    """Files could not be read, or too many records were bad."""


class DamagedFileError(TransformError):
    """A file of the input is damaged: it must be fetched or uploaded again."""


class AuditError(JobError):
    """An audit of the works index stopped the run."""


class SyncError(JobError):
    """The search engine refused documents, or holds another number of them than it should."""


class MergeError(JobError):
    """The matches of some plans could not be merged."""


class DatabaseError(JobError):
    """The DMP Tool's database cannot be used for this: other tables, missing rights, or read-only."""


class LedgerError(DmpworksError):
    """The ledger of a run contradicts itself, or cannot be read."""


class TemporaryError(DmpworksError):
    """A service is throttled or out of reach: worth another attempt."""

    exit_code = ExitCode.TRY_AGAIN
