"""The job sync-works: send this run's UPSERTs, remove its DELETEs, and see that the engine holds what it should."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow.parquet

from dmpworks.chains.process_works.documents import document, work
from dmpworks.chains.process_works.sync_state import (
    DELETED,
    EXPORT,
    LIVE,
    TRANSFORM,
    changes_files,
    check_nothing_newer,
    state_files,
)
from dmpworks.errors import JobError, SyncError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.services.search import Document, Failure, SearchEngine

ROWS_AT_ONCE = 500  # rows in memory as Python objects; the engine cuts its requests to its own size
ROWS_PER_LINE = 100_000  # rows between two lines of progress
REFUSED_SHOWN = 5


def sync(run: Run, engine: SearchEngine, index: str) -> Counts:
    """Bring an index in step with this run's states; raises SyncError, after the rest, when anything failed."""
    transform = run.earlier(TRANSFORM)
    if transform.manifest is None:
        raise JobError("the export has no manifest", on=transform.folder, next=_again(run, TRANSFORM))
    check_nothing_newer(run, transform.manifest)
    upserts, deletes = transform.manifest.counts.written, transform.manifest.counts.also[DELETED]
    run.progress(f"{upserts:,} works to send to the index {index}, {deletes:,} to remove")
    engine.create(index)
    report = engine.bulk(index, _documents(run, transform), _deletes(transform))
    if report.failures:
        raise _refused(run, report.failures, upserts + deletes)
    engine.refresh(index)
    _check_count(run, index, engine.count(index), transform.manifest.counts.also[LIVE])
    for file in state_files(transform.files):
        run.record(file)  # what the next run compares with; being listed also keeps them from clean-up
    asked = upserts + deletes
    return Counts(read=asked, written=asked, also={"upserted": report.upserted, "removed": report.deleted})


def _export_files(transform: Phase) -> list[File]:
    return [file for file in transform.files if f"/{EXPORT}/" in file.key]


def _documents(run: Run, transform: Phase) -> Iterator[Document]:
    for number, row in enumerate(_rows(transform, _export_files(transform)), 1):
        yield document(work(row))
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


def _refused(run: Run, failures: list[Failure], asked: int) -> SyncError:
    return SyncError(
        f"{len(failures):,} of {asked:,} documents were refused; the others were sent",
        on=first_few([f"{failure.id}: {failure.reason}" for failure in failures], REFUSED_SHOWN),
        next=f"find out why, then send all again: {_again(run, run.job)}",
    )


def _check_count(run: Run, index: str, count: int, live: int) -> None:
    """Raise SyncError unless the engine holds as many documents as there are DOIs whose state is not DELETE."""
    if count == live:
        return
    export_all = f"{_again(run, TRANSFORM)} --sqlmesh-transform.export-all"
    first = "" if count < live else f"delete the index {index}, which holds documents of unknown origin, then "
    raise SyncError(
        f"the index {index} holds {count:,} documents, but {live:,} DOIs are live",
        on="by the states of this run" + (": the index was lost or made anew" if count < live else ""),
        next=first + export_all,
    )


def _again(run: Run, job: str) -> str:
    return f"dmpworks run {run.chain} --run-id {run.run_id} --start-job {job}"
