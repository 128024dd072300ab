"""The job sync-works: send the UPSERTs of this run, remove its DELETEs, and compare the number of documents."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow.parquet

from dmpworks.chains.process_works.documents import document, work_record
from dmpworks.chains.process_works.files import checked_file
from dmpworks.chains.process_works.sync_state import (
    CHAIN,
    EXPORT,
    TRANSFORM,
    changes_files,
    check_nothing_newer,
    retry_command,
    state_files,
    sync_target,
)
from dmpworks.errors import JobError, SyncError
from dmpworks.jobs.manifest import Manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.services.search import BulkReport, Document, SearchEngine, describe_failures

ROWS_AT_ONCE = 500  # rows in memory as Python objects; the engine cuts its requests to its own size
ROWS_PER_LINE = 100_000  # rows between two lines of progress


def sync(run: Run, engine: SearchEngine, index: str, max_removed_share: float) -> Counts:
    """Apply the changes of this run to an index.

    Raises SyncError before anything is sent when a larger share of the index would be removed; when documents were
    refused (the others are sent first); and when the number of documents at the end is not the number of live DOIs.
    """
    transform = run.earlier(TRANSFORM)
    if transform.manifest is None:
        raise JobError("the export has no manifest", on=transform.folder, next=retry_command(run, TRANSFORM))
    check_nothing_newer(run, transform.manifest)
    target = sync_target(transform.manifest)
    run.progress(f"{target.upserts:,} works to send to the index {index}, {target.deletes:,} to remove")
    engine.create(index)
    _check_removals(run, index, target.deletes, engine.count(index), max_removed_share)
    report = engine.bulk(index, _documents(run, transform), _deletes(run, transform.manifest))
    changes = target.upserts + target.deletes
    if report.refused:
        raise _refused(run, report, changes)
    engine.refresh(index)
    _check_count(run, index, engine.count(index), target.documents)
    for file in state_files(transform.files):
        run.record(file)  # the next run compares with these; a listed file is also safe from clean-up
    return Counts(read=changes, written=changes, also={"upserted": report.upserted, "removed": report.deleted})


def _check_removals(run: Run, index: str, deletes: int, count: int, max_share: float) -> None:
    if count and deletes > count * max_share:  # an empty index was lost: the comparison at the end says so
        needed = math.ceil(100 * deletes / count) / 100
        raise SyncError(
            f"{deletes:,} of the {count:,} works in the index {index} would be removed, more than {max_share:.0%}",
            on=f"the export of {CHAIN} {run.run_id}; nothing was sent",
            next="check that the datasets are complete (runs show); if so: "
            f"{retry_command(run, run.job)} --sync-works.max-removed-share {needed}",
        )


def _export_files(transform: Phase) -> list[File]:
    return [file for file in transform.files if f"/{EXPORT}/" in file.key]


def _documents(run: Run, transform: Phase) -> Iterator[Document]:
    for number, row in enumerate(_rows(run, _export_files(transform)), 1):
        yield document(work_record(row))
        if number % ROWS_PER_LINE == 0:
            run.progress(f"{number:,} works sent")


def _deletes(run: Run, transform: Manifest) -> Iterator[str]:
    for row in _rows(run, changes_files(transform), ["doi", "state"]):
        if row["state"] == "DELETE":
            yield row["doi"]


def _rows(run: Run, files: Iterable[File], columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for file in files:
        path = checked_file(run, file, next=f"{retry_command(run, TRANSFORM)} (or batch-submit)")
        with pyarrow.parquet.ParquetFile(path) as parquet:
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=columns):
                yield from batch.to_pylist()


def _refused(run: Run, report: BulkReport, changes: int) -> SyncError:
    return SyncError(
        f"{report.refused:,} of {changes:,} documents were refused; the others were sent",
        on=describe_failures(report.failures),
        next=f"fix the cause, then send all again: {retry_command(run, run.job)}",
    )


def _check_count(run: Run, index: str, count: int, live: int) -> None:
    """Raise SyncError unless the index holds one document for each DOI whose state is not DELETE."""
    if count == live:
        return
    export_all = f"{retry_command(run, TRANSFORM)} --sqlmesh-transform.export-all"
    first = f"delete the index {index}, which holds documents that no run has sent, then " if count > live else ""
    raise SyncError(
        f"the index {index} holds {count:,} documents, but {live:,} DOIs are live",
        on="by the states of this run" + (": the index was lost or created again" if count < live else ""),
        next=first + export_all,
    )
