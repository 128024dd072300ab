"""The job sync-works: send the UPSERTs of this run, remove its DELETEs, and compare the number of documents."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow.parquet

from dmpworks.chains.process_works.documents import document, work_record
from dmpworks.chains.process_works.sync_state import (
    EXPORT,
    TRANSFORM,
    changes_files,
    check_nothing_newer,
    state_files,
    sync_target,
)
from dmpworks.errors import JobError, SyncError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.services.search import BulkReport, Document, SearchEngine, describe_failures

ROWS_AT_ONCE = 500  # rows in memory as Python objects; the engine cuts its requests to its own size
ROWS_PER_LINE = 100_000  # rows between two lines of progress


def sync(run: Run, engine: SearchEngine, index: str) -> Counts:
    """Apply the changes of this run to an index.

    Raises SyncError when documents were refused (the others are sent first) or when the number of documents at the end
    is not the number of live DOIs.
    """
    transform = run.earlier(TRANSFORM)
    if transform.manifest is None:
        raise JobError("the export has no manifest", on=transform.folder, next=_retry_command(run, TRANSFORM))
    check_nothing_newer(run, transform.manifest)
    target = sync_target(transform.manifest)
    run.progress(f"{target.upserts:,} works to send to the index {index}, {target.deletes:,} to remove")
    engine.create(index)
    report = engine.bulk(index, _documents(run, transform), _deletes(transform))
    changes = target.upserts + target.deletes
    if report.refused:
        raise _refused(run, report, changes)
    engine.refresh(index)
    _check_count(run, index, engine.count(index), target.documents)
    for file in state_files(transform.files):
        run.record(file)  # the next run compares with these; a listed file is also safe from clean-up
    return Counts(read=changes, written=changes, also={"upserted": report.upserted, "removed": report.deleted})


def _export_files(transform: Phase) -> list[File]:
    return [file for file in transform.files if f"/{EXPORT}/" in file.key]


def _documents(run: Run, transform: Phase) -> Iterator[Document]:
    for number, row in enumerate(_rows(transform, _export_files(transform)), 1):
        yield document(work_record(row))
        if number % ROWS_PER_LINE == 0:
            run.progress(f"{number:,} works sent")


def _deletes(transform: Phase) -> Iterator[str]:
    for row in _rows(transform, changes_files(transform.files), ["doi", "state"]):
        if row["state"] == "DELETE":
            yield row["doi"]


def _rows(phase: Phase, files: Iterable[File], columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for file in files:
        with pyarrow.parquet.ParquetFile(phase.local(file)) as parquet:
            for batch in parquet.iter_batches(ROWS_AT_ONCE, columns=columns):
                yield from batch.to_pylist()


def _refused(run: Run, report: BulkReport, changes: int) -> SyncError:
    return SyncError(
        f"{report.refused:,} of {changes:,} documents were refused; the others were sent",
        on=describe_failures(report.failures),
        next=f"fix the cause, then send all again: {_retry_command(run, run.job)}",
    )


def _check_count(run: Run, index: str, count: int, live: int) -> None:
    """Raise SyncError unless the index holds one document for each DOI whose state is not DELETE."""
    if count == live:
        return
    export_all = f"{_retry_command(run, TRANSFORM)} --sqlmesh-transform.export-all"
    first = f"delete the index {index}, which holds documents that no run has sent, then " if count > live else ""
    raise SyncError(
        f"the index {index} holds {count:,} documents, but {live:,} DOIs are live",
        on="by the states of this run" + (": the index was lost or created again" if count < live else ""),
        next=first + export_all,
    )


def _retry_command(run: Run, job: str) -> str:
    return f"dmpworks run {run.chain} --run-id {run.run_id} --start-job {job}"
