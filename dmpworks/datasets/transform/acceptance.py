"""Decides whether the output of a transform is acceptable: no failed files, few bad records, none lost, some kept."""

from collections.abc import Sequence
from typing import Any

from dmpworks.datasets.transform.quarantine import ALLOW_MORE, QUARANTINE, SAMPLE, too_many
from dmpworks.errors import DamagedFileError, DmpworksError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.workers import Failed


def failed_files(run: Run, failed: Sequence[tuple[File, Failed[Any]]], total: int) -> TransformError:
    """Return the error that names every file that could not be transformed, and the next steps."""
    return TransformError(
        f"{len(failed)} of {total} files could not be transformed",
        on="; ".join(sorted(failure.reason for _, failure in failed)),
        next="; ".join(dict.fromkeys(_step(run, file, failure.error) for file, failure in failed)),
    )


def _step(run: Run, file: File, error: DmpworksError) -> str:
    if not isinstance(error, DamagedFileError):
        return error.next
    if file.in_place:
        return "the damaged file was read at its source: when it has been repaired there, run the download job again"
    return (
        f"remove the damaged file from {run.bucket.name}, then dmpworks run {run.chain} --run-id {run.run_id} "
        "--start-job download (or batch-submit): missing files are fetched again; or upload it again"
    )


def check_counts(run: Run, counts: Counts, sample: Sequence[str], allowed: float, use_subset: bool) -> None:
    """Raise TransformError if too many records are bad, any is unaccounted for, or none was kept."""
    if too_many(counts.quarantined, counts.read, allowed):
        where = f"{run.bucket.name}/{run.chain}/{run.run_id}/{QUARANTINE}/*.jsonl.gz"
        others = counts.quarantined - len(sample[:SAMPLE])
        raise TransformError(
            f"{counts.quarantined:,} of {counts.read:,} records could not be read, "
            f"more than MAX_BAD_RECORDS={allowed:g} allows",
            on="; ".join(sample[:SAMPLE]) + (f"; and {others:,} more" if others else ""),
            next=f"inspect {where}; then run the download job again, or {ALLOW_MORE}",
        )
    if not counts.accounted:
        raise TransformError("records were lost", on=f"{run.chain} {run.run_id}: {counts}", next="report this as a bug")
    if counts.read and not counts.written and not use_subset:
        reasons = counts.dropped | counts.quarantined_by_reason
        raise TransformError(
            f"none of {counts.read:,} records was kept",
            on=f"{run.chain} {run.run_id}: " + ", ".join(f"{number:,} {reason}" for reason, number in reasons.items()),
            next="inspect some records: if their layout has changed, dmpworks needs a newer version",
        )
