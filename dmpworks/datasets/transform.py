"""The transform that the five datasets share: input files -> worker processes -> Parquet parts in the bucket.

A dataset supplies a `Dataset`:

- `read(path, part)` yields `Batch`es of decoded records of one part of the input (`lines.read_gzip_lines` for gzip
  JSON Lines) and raises TransformError when the file is damaged;
- `row(record, subset, notes)` is pure: it returns one row (a NamedTuple in the order of `schema`) or, as text, the
  reason why the record is dropped ("no DOI"); `subset` is None when every work is kept; `notes` (a Counter) takes what
  else is worth a figure in the manifest ("publication dates not parsed"). Bind options with functools.partial;
- `schema`, and the columns that Parquet stores by dictionary.

Both functions are module-level, because they travel to worker processes. The job function then is:

    parts = [Part(file) for file in run.earlier("download").files if file.key.endswith(".gz")]
    return transform(run, DATASET, parts, workers=options.workers, use_subset=..., max_bad_records=bad.max_bad_records)

Each part becomes `transform/part_00000-<token>.parquet`, uploaded once its input is read to the last byte; bad records
go to `quarantine/part_00000-<token>.jsonl.gz`. Both are listed in the manifest, so readers pick the files that end in
`.parquet`. Memory is bounded by some thousand records a worker.
"""

import gc
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dmpworks.datasets.columns import PartWriter
from dmpworks.datasets.lines import Batch
from dmpworks.datasets.quarantine import SAMPLE, Quarantine, judge
from dmpworks.datasets.subset import Subset, read_subset
from dmpworks.errors import JobError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket
from dmpworks.workers import run_pieces

Row = tuple[Any, ...]
Notes = Counter[str]
LENIENT = "records read leniently"
SMALL_INPUT = 32 * 1024 * 1024  # bytes; below, starting worker processes takes longer than the work


@dataclass(frozen=True)
class Part:
    """What one worker reads: a file of the input or, with `within`, some of it (the dataset's `read` knows which)."""

    file: File
    stated: int | None = None  # records that the source's manifest promises
    within: Any = None

    @property
    def name(self) -> str:
        """What messages call the part."""
        return self.file.key if self.within is None else f"{self.file.key} ({self.within})"

    @property
    def shared(self) -> bool:
        """Whether other parts read the same file."""
        return self.within is not None


@dataclass(frozen=True)
class Dataset:
    """What is particular to a dataset: see the module's docstring."""

    schema: pa.Schema
    read: Callable[[Path, Part], Iterator[Batch[Any]]]
    row: Callable[[Any, Subset | None, Notes], Row | str]
    dictionary: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Piece:
    """All that a worker needs."""

    part: Part
    dataset: Dataset
    subset: Subset | None
    bucket: Bucket
    scratch: Path
    output: str  # key of the Parquet part
    quarantine: str  # key of the bad records


@dataclass(frozen=True)
class _Done:
    """What a worker hands back."""

    outputs: tuple[File, ...]
    counts: Counts
    sample: tuple[str, ...]  # the first bad records, for a message


def transform(
    run: Run, dataset: Dataset, parts: Sequence[Part], *, workers: int, use_subset: bool, max_bad_records: float
) -> Counts:
    """Write every part as Parquet and record it; raises TransformError naming each part that could not be read."""
    if not parts:
        raise JobError(
            "the input holds no file of this dataset",
            on=f"{run.bucket.name}: {run.chain}/{run.run_id}/",
            next=f"dmpworks run {run.chain} --run-id {run.run_id} --start-job download",
        )
    subset = read_subset(run.bucket) if use_subset else None
    pieces = [_piece(run, dataset, subset, part, number) for number, part in enumerate(parts)]
    pieces.sort(key=lambda piece: -piece.part.file.size)  # the largest first, so that none is left over at the end
    if sum(part.file.size for part in parts) < SMALL_INPUT:
        workers = workers or 1
    done, failed = run_pieces(
        _write_part, pieces, workers, lambda finished, total: run.progress(f"{finished} of {total} parts")
    )
    if failed:
        raise TransformError(
            f"{len(failed)} of {len(parts)} files could not be transformed",
            on="; ".join(sorted(failure.reason for failure in failed)),
            next=f"dmpworks run {run.chain} --run-id {run.run_id} --start-job download (or batch-submit)",
        )
    return _finish(run, done, max_bad_records)


def _piece(run: Run, dataset: Dataset, subset: Subset | None, part: Part, number: int) -> _Piece:
    stem = f"part_{number:05}"
    output, quarantine = run.key(f"{stem}.parquet"), run.key(f"{stem}.jsonl.gz", folder="quarantine")
    return _Piece(part, dataset, subset, run.bucket, run.scratch, output, quarantine)


def _finish(run: Run, done: Sequence[_Done], max_bad_records: float) -> Counts:
    counts = sum((one.counts for one in done), Counts())
    sample = sorted(line for one in done for line in one.sample)
    where = f"{run.bucket.name}/{run.chain}/{run.run_id}/quarantine/*-{run.token}.jsonl.gz"
    judge(counts.quarantined, counts.read, max_bad_records, sample, where)
    if not counts.accounted:
        raise TransformError("records were lost", on=f"{run.chain} {run.run_id}: {counts}", next="report this as a bug")
    for output in sorted((output for one in done for output in one.outputs), key=lambda output: output.key):
        run.record(output)
    return counts


def _write_part(piece: _Piece) -> _Done:
    """Transform one part; nothing is uploaded unless its input could be read to the end."""
    gc.disable()  # batches of records without cycles only make the collector scan them again and again
    folder = piece.scratch / Path(piece.output).stem
    try:
        return _transform_part(piece, folder)
    except TransformError as error:
        key = piece.part.file.key
        if key in error.on:
            raise
        # Readers know a path on disk only; files of the same name lie in many folders.
        raise TransformError(error.what, on=f"{key}: {error.on}", next=error.next) from error
    finally:
        gc.enable()
        shutil.rmtree(folder, ignore_errors=True)


def _transform_part(piece: _Piece, folder: Path) -> _Done:
    part, dataset = piece.part, piece.dataset
    path = _local(piece, folder)
    counts = _Tally()
    quarantine = Quarantine(folder / "bad.jsonl.gz", part.file.key)
    with PartWriter(folder / "rows.parquet", dataset.schema, dataset.dictionary) as writer, quarantine:
        for batch in dataset.read(path, part):
            quarantine.add(batch.bad)
            writer.add(counts.take(batch, dataset, piece.subset))
        _check_stated(part, counts.read)
    outputs = [File(piece.output, piece.bucket.upload(writer.path, piece.output), writer.rows)]
    if quarantine.count:
        size = piece.bucket.upload(quarantine.path, piece.quarantine)
        outputs.append(File(piece.quarantine, size, quarantine.count))
    return _Done(tuple(outputs), counts.counts(writer.rows, quarantine.count), tuple(quarantine.sample[:SAMPLE]))


def _local(piece: _Piece, folder: Path) -> Path:
    # A copy of its own goes away with the part's folder; one that others share stays until the job ends.
    scratch = piece.scratch / "inputs" if piece.part.shared else folder
    return piece.bucket.local(piece.part.file.key, scratch)


def _check_stated(part: Part, read: int) -> None:
    if part.stated is not None and part.stated != read:
        raise TransformError(
            "a file holds another number of records than its manifest states",
            on=f"{part.name}: {read:,} instead of {part.stated:,}",
            next="run the download job again",
        )


class _Tally:
    """Counts what becomes of the records of one part."""

    def __init__(self) -> None:
        self.read = 0
        self._dropped: Counter[str] = Counter()
        self._notes: Notes = Counter()

    def take(self, batch: Batch[Any], dataset: Dataset, subset: Subset | None) -> list[Row]:
        """Return the rows of a batch and count the others."""
        rows: list[Row] = []
        for record in batch.records:
            made = dataset.row(record, subset, self._notes)
            if isinstance(made, str):
                self._dropped[made] += 1
            else:
                rows.append(made)
        self.read += len(batch.records) + len(batch.bad)
        if batch.lenient:
            self._notes[LENIENT] += batch.lenient
        return rows

    def counts(self, written: int, quarantined: int) -> Counts:
        """Return the figures for the manifest."""
        return Counts(self.read, written, dict(self._dropped), quarantined, dict(self._notes))
