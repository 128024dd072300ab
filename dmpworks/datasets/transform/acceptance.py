"""Judges a transform as a whole: files that could not be read, too many bad records, records lost, nothing kept."""

from collections.abc import Sequence
from typing import Any

from dmpworks.datasets.transform.quarantine import MORE, QUARANTINE, SAMPLE, too_many
from dmpworks.errors import DamagedFileError, DmpworksError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.workers import Failed


def failed_files(run: Run, failed: Sequence[tuple[File, Failed[Any]]], total: int) -> TransformError:
    """Return the error that names every file that could not be transformed, and how to go on."""
    return TransformError(
        f"{len(failed)} of {total} files could not be transformed",
        on="; ".join(sorted(failure.reason for _, failure in failed)),
        next="; ".join(dict.fromkeys(_step(run, file, failure.error) for file, failure in failed)),
    )


def _step(run: Run, file: File, error: DmpworksError) -> str:
    if not isinstance(error, DamagedFileError):
        return error.next
    if file.in_place:
        return "the damaged file was read at its source: once it is repaired there, run the download job again"
    return (
        f"remove the damaged file from {run.bucket.name}, then dmpworks run {run.chain} --run-id {run.run_id} "
        "--start-job download (or batch-submit): missing files are fetched again; or upload it again"
    )


def judge(run: Run, counts: Counts, sample: Sequence[str], allowed: float, use_subset: bool) -> None:
    """Raise TransformError when the records of a run speak against its output."""
    if too_many(counts.quarantined, counts.read, allowed):
        where = f"{run.bucket.name}/{run.chain}/{run.run_id}/{QUARANTINE}/*.jsonl.gz"
        left = counts.quarantined - len(sample[:SAMPLE])
        raise TransformError(
            f"{counts.quarantined:,} of {counts.read:,} records could not be read, "
            f"more than MAX_BAD_RECORDS={allowed:g} allows",
            on="; ".join(sample[:SAMPLE]) + (f"; and {left:,} more" if left else ""),
            next=f"look at {where}; then run the download job again, or {MORE}",
        )
    if not counts.accounted:
        raise TransformError("records were lost", on=f"{run.chain} {run.run_id}: {counts}", next="report this as a bug")
    if counts.read and not counts.written and not use_subset:
        reasons = counts.dropped | counts.quarantined_by_reason
        raise TransformError(
            f"none of {counts.read:,} records was kept",
            on=f"{run.chain} {run.run_id}: " + ", ".join(f"{number:,} {reason}" for reason, number in reasons.items()),
            next="look at some records: their layout may have changed, then dmpworks needs a newer version",
        )
