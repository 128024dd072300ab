"""The transform that the five datasets share: input files -> worker processes -> Parquet parts in the bucket.

`dataset.py` describes what a dataset supplies. The job function then is:

    return transform_parts(
        run, DATASET, parts(run.earlier("download")),
        workers=options.workers, use_subset=scope.use_subset, max_bad_records=bad.max_bad_records,
    )

Each part becomes `transform/part_00000-<token>.parquet`, uploaded after its input has been read to the last byte; bad
records go to `quarantine/part_00000-<token>.jsonl.gz`. The manifest lists both, so readers select the files that end in
`.parquet`. Memory is bounded by some thousand records per worker. Each finished part is recorded (`checkpoints.py`): a
restarted job resumes after it, and the last of several shards completes the phase.
"""

import gc
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dmpworks.datasets.columns.arrow import PartWriter
from dmpworks.datasets.progress import Progress, console, show_progress
from dmpworks.datasets.reading.json_lines import REPLACE
from dmpworks.datasets.sources.opening import check_in_place, open_in_place
from dmpworks.datasets.subset import Subset, read_subset
from dmpworks.datasets.transform.acceptance import check_counts, failed_files
from dmpworks.datasets.transform.checkpoints import Result, fingerprint, finished_parts, record_key, write_record
from dmpworks.datasets.transform.completeness import check_filled
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.datasets.transform.quarantine import QUARANTINE, SAMPLE, Quarantine
from dmpworks.datasets.transform.shards import share
from dmpworks.datasets.transform.tally import Tally
from dmpworks.errors import DamagedFileError, JobError, TransformError
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket, Openable
from dmpworks.workers import Failed, run_pieces

Check = Callable[[Sequence[tuple[Part, int]]], None]
SMALL_INPUT = 32 * 1024 * 1024  # bytes; below, starting worker processes takes longer than the work


@dataclass(frozen=True)
class _WorkItem:
    """The arguments of a worker."""

    part: Part
    dataset: Dataset
    subset: Subset | None
    bucket: Bucket
    scratch: Path
    output: str  # key of the Parquet part
    quarantine: str  # key of the bad records
    record: str  # key of the record that the part is finished


def transform_parts(
    run: Run,
    dataset: Dataset,
    parts: Sequence[Part],
    *,
    workers: int,
    use_subset: bool,
    max_bad_records: float,
    check: Check | None = None,
    source: str | None = None,
) -> Counts | Partial:
    """Write every part of this shard as Parquet; the shard that finds all parts finished lists them as outputs.

    Return the counts of the whole phase, or Partial while other shards have parts to finish. Raises TransformError
    naming each part that could not be read; `check`, given the number of records of each part, may raise it too.
    Files that were not copied must be in `source`, the source that is set.
    """
    if not parts:
        raise JobError(
            "the input has no file of this dataset",
            on=f"{run.bucket.name}: {run.chain}/{run.run_id}/",
            next=f"dmpworks run {run.chain} --run-id {run.run_id} --start-job download",
        )
    check_in_place((part.file for part in parts), source)
    items = _work_items(run, dataset, read_subset(run.bucket) if use_subset else None, parts)
    own = [items[place] for place in share([part.size for part in parts], run.shard)]
    if not own:  # more shards than files: the shard with the last file completes the phase
        return Partial(Counts(), 0)
    results = _run_items(run, own, workers)
    counts = sum((result.counts for result in results.values()), Counts())
    if len(results) < len(items):
        results |= finished_parts(run, [item.record for item in items if item.record not in results])
    if len(results) < len(items):
        return Partial(counts, len(items) - len(results))
    finished = [(item.part, results[item.record]) for item in items]
    return _assemble(run, dataset, finished, max_bad_records, use_subset, check)


def _work_items(run: Run, dataset: Dataset, subset: Subset | None, parts: Sequence[Part]) -> list[_WorkItem]:
    common = fingerprint(dataset, subset, run.inputs)
    items = []
    for number, part in enumerate(parts):
        stem = f"part_{number:05}"
        output, quarantine = run.key(f"{stem}.parquet"), run.key(f"{stem}.jsonl.gz", folder=QUARANTINE)
        record = record_key(run, stem, fingerprint(common, part))
        items.append(_WorkItem(part, dataset, subset, run.bucket, run.scratch, output, quarantine, record))
    return items


def _run_items(run: Run, items: Sequence[_WorkItem], workers: int) -> dict[str, Result]:
    """Return the results of the items by record; those that an earlier execution finished are reused."""
    results = finished_parts(run, [item.record for item in items])
    if results:
        run.progress(f"{len(results)} of {len(items)} files were finished by an earlier execution")
    left = [item for item in items if item.record not in results]
    if not left:
        return results
    size = sum(item.part.size for item in left)
    if size < SMALL_INPUT:
        workers = workers or 1
    with show_progress(Progress(len(left), size), run.progress, console(run.terminal)) as add:
        done, failed = run_pieces(_write_part, left, workers, lambda item, outcome: add(*_figures(item, outcome)))
    if failed:
        raise failed_files(run, [(failure.piece.part.file, failure) for failure in failed], len(items))
    return results | {item.record: result for item, result in zip(left, done, strict=True)}


def _figures(item: _WorkItem, outcome: Result | Failed[_WorkItem]) -> tuple[int, int, int]:
    """Return the bytes, rows and files to count; a failed file counts by its bytes, which keeps the estimate right."""
    return (item.part.size, 0, 0) if isinstance(outcome, Failed) else (item.part.size, outcome.counts.read, 1)


def _assemble(
    run: Run,
    dataset: Dataset,
    results: Sequence[tuple[Part, Result]],
    max_bad_records: float,
    use_subset: bool,
    check: Check | None,
) -> Counts:
    """Check the counts of all parts and list their files as the run's outputs."""
    counts = sum((result.counts for _, result in results), Counts())
    by_file = sorted(results, key=lambda result: result[0].file.key)  # so that the sample is in the order of the input
    check_counts(run, counts, [line for _, result in by_file for line in result.sample], max_bad_records, use_subset)
    if not use_subset:
        check_filled(run, dataset, counts, (result.values for _, result in results))
    if check:
        check([(part, result.counts.read) for part, result in results])
    for output in sorted((file for _, result in results for file in result.files), key=lambda file: file.key):
        run.record(output)
    return counts


def _write_part(item: _WorkItem) -> Result:
    """Transform one part; nothing is uploaded unless its input can be read to the end."""
    gc.disable()  # records have no cycles, and the collector would scan each batch several times
    folder = item.scratch / Path(item.output).stem
    try:
        return _transform_part(item, folder)
    except TransformError as error:
        # Readers know only the last part of the key, and several folders have files of the same name.
        raise type(error)(error.what, on=f"{item.part.file.key}: {error.on}", next=error.next) from error
    finally:
        gc.enable()
        shutil.rmtree(folder, ignore_errors=True)


def _transform_part(item: _WorkItem, folder: Path) -> Result:
    part, dataset = item.part, item.dataset
    path = _opened(item)
    tally = Tally(dataset, item.subset)
    quarantine = Quarantine(folder / "bad.jsonl.gz", part.file.key)
    with PartWriter(folder / "rows.parquet", dataset.schema, dataset.dictionary) as writer, quarantine:
        for batch in dataset.read(path, part):
            quarantine.add(batch.bad)
            writer.add(tally.rows_of(batch))
            del batch  # free the records before the next ones are read
        _check_stated(part, tally.read)
    outputs = [File(item.output, item.bucket.upload(writer.path, item.output), writer.rows)]
    if quarantine.count:
        size = item.bucket.upload(quarantine.path, item.quarantine)
        outputs.append(File(item.quarantine, size, quarantine.count))
    result = Result(tuple(outputs), tally.counts(writer.rows), tuple(quarantine.sample[:SAMPLE]), tally.values)
    write_record(item.bucket, item.record, result)
    return result


def _opened(item: _WorkItem) -> Openable:
    """Return the input, opened at its source or in the bucket; objects in S3 are read by ranges."""
    file = item.part.file
    return open_in_place(file) if file.in_place else item.bucket.opened(file.key)


def _check_stated(part: Part, read: int) -> None:
    if part.stated is not None and part.stated != read:
        raise DamagedFileError(
            "the number of records in a file is not the one that its manifest states",
            on=f"{read:,} instead of {part.stated:,}",
            next=REPLACE,
        )
