"""The transform that the five datasets share: input files -> worker processes -> Parquet parts in the bucket.

A dataset supplies a `Dataset`:

- `read(path, part)` yields `Batch`es of decoded records of one part of the input (`lines.read_gzip_lines` for gzip
  JSON Lines) and raises TransformError when the file is damaged;
- `columns(records, subset, notes)` is pure: it turns the records of one batch (whatever `read` put there, if it has a
  length) into `Made(rows, dropped)` at once: an Arrow record batch of `schema`, and how many records were left out by
  reason ("no DOI"). `subset` is None when every work is kept; `notes` (a Counter) takes what else is worth a figure in
  the manifest ("publication dates not parsed"), of the rows that are kept. Bind options with functools.partial.
  Where speed does not matter, `by_row(schema, row)` makes it of a function of one record: `row(record, subset, notes)`
  returns one row (a NamedTuple in the order of `schema`) or, as text, the reason why the record is dropped. Where it
  does: flatten the records into one list per leaf, clean the leaves as Arrow arrays (`kernels/`), nest them by offsets
  (`columns.nested`);
- `schema`, and the columns that Parquet stores by dictionary.

These functions are module-level, because they travel to worker processes. The job function then is:

    parts = [Part(file) for file in run.earlier("download").files if file.key.endswith(".gz")]
    return transform(run, DATASET, parts, workers=options.workers, use_subset=..., max_bad_records=bad.max_bad_records)

Each part becomes `transform/part_00000-<token>.parquet`, uploaded once its input is read to the last byte; bad records
go to `quarantine/part_00000-<token>.jsonl.gz`. Both are listed in the manifest, so readers pick the files that end in
`.parquet`. Memory is bounded by some thousand records a worker. A finished part leaves a record (`finished.py`): what
was killed goes on where it was, and of several shards the last one completes the phase.
"""

import gc
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from dmpworks.datasets.columns.arrow import PartWriter, batch
from dmpworks.datasets.progress import Progress, console, shown
from dmpworks.datasets.reading.json_lines import REPLACE, Batch
from dmpworks.datasets.sources.opening import open_in_place
from dmpworks.datasets.subset import Subset, read_subset
from dmpworks.datasets.transform.acceptance import failed_files, judge
from dmpworks.datasets.transform.checkpoints import Result, fingerprint, finished, record_key, write_record
from dmpworks.datasets.transform.quarantine import QUARANTINE, SAMPLE, Quarantine
from dmpworks.datasets.transform.shards import share
from dmpworks.errors import JobError, TransformError
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket, Openable
from dmpworks.workers import Failed, run_pieces

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
    def size(self) -> int:
        """How many bytes there are to read."""
        return getattr(self.within, "size", self.file.size)


class Made(NamedTuple):
    """The rows that became of a batch of records, and how many of these were left out, by reason."""

    rows: pa.RecordBatch
    dropped: Counter[str]


Columns = Callable[[Any, Subset | None, Notes], Made]
Check = Callable[[Sequence[tuple[Part, int]]], None]


@dataclass(frozen=True)
class Dataset:
    """What is particular to a dataset: see the module's docstring."""

    schema: pa.Schema
    read: Callable[[Openable, Part], Iterator[Batch[Any]]]
    columns: Columns
    dictionary: tuple[str, ...] = ()


def by_row(schema: pa.Schema, row: Callable[[Any, Subset | None, Notes], Row | str]) -> Columns:
    """Return the `columns` of a dataset whose records are turned into rows one by one."""
    return partial(_rows, schema, row)


def _rows(
    schema: pa.Schema,
    row: Callable[[Any, Subset | None, Notes], Row | str],
    records: Sequence[Any],
    subset: Subset | None,
    notes: Notes,
) -> Made:
    made = [row(record, subset, notes) for record in records]
    dropped = Counter(one for one in made if isinstance(one, str))
    return Made(batch(schema, [one for one in made if not isinstance(one, str)]), dropped)


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
    record: str  # key of the record that the part is finished


def transform(
    run: Run,
    dataset: Dataset,
    parts: Sequence[Part],
    *,
    workers: int,
    use_subset: bool,
    max_bad_records: float,
    check: Check | None = None,
) -> Counts | Partial:
    """Write every part of this shard as Parquet; whoever finds all parts finished lists them as the run's outputs.

    Raises TransformError naming each part that could not be read; `check` may raise it too, given how many records
    each part held.
    """
    if not parts:
        raise JobError(
            "the input holds no file of this dataset",
            on=f"{run.bucket.name}: {run.chain}/{run.run_id}/",
            next=f"dmpworks run {run.chain} --run-id {run.run_id} --start-job download",
        )
    pieces = _pieces(run, dataset, read_subset(run.bucket) if use_subset else None, parts)
    own = [pieces[place] for place in share([part.size for part in parts], run.shard)]
    if not own:  # more shards than files: whoever does the last file completes the phase
        return Partial(Counts(), 0)
    results = _work_off(run, own, workers)
    counts = sum((result.counts for result in results.values()), Counts())
    if len(results) < len(pieces):
        results |= finished(run, [piece.record for piece in pieces if piece.record not in results])
    if len(results) < len(pieces):
        return Partial(counts, len(pieces) - len(results))
    return _assemble(run, [(piece.part, results[piece.record]) for piece in pieces], max_bad_records, use_subset, check)


def _pieces(run: Run, dataset: Dataset, subset: Subset | None, parts: Sequence[Part]) -> list[_Piece]:
    made_by = fingerprint(dataset, subset, run.inputs)
    pieces = []
    for number, part in enumerate(parts):
        stem = f"part_{number:05}"
        output, quarantine = run.key(f"{stem}.parquet"), run.key(f"{stem}.jsonl.gz", folder=QUARANTINE)
        record = record_key(run, stem, fingerprint(made_by, part))
        pieces.append(_Piece(part, dataset, subset, run.bucket, run.scratch, output, quarantine, record))
    return pieces


def _work_off(run: Run, pieces: Sequence[_Piece], workers: int) -> dict[str, Result]:
    """Return the results of pieces by their records; those that an earlier execution finished are taken over."""
    results = finished(run, [piece.record for piece in pieces])
    if results:
        run.progress(f"{len(results)} of {len(pieces)} files were finished by an earlier execution")
    left = [piece for piece in pieces if piece.record not in results]
    if not left:
        return results
    size = sum(piece.part.size for piece in left)
    if size < SMALL_INPUT:
        workers = workers or 1
    with shown(Progress(len(left), size), run.progress, console(run.terminal)) as add:
        done, failed = run_pieces(_write_part, left, workers, lambda piece, outcome: add(*_figures(piece, outcome)))
    if failed:
        raise failed_files(run, [(failure.piece.part.file, failure) for failure in failed], len(pieces))
    return results | {piece.record: result for piece, result in zip(left, done, strict=True)}


def _figures(piece: _Piece, outcome: Result | Failed[_Piece]) -> tuple[int, int, int]:
    """Return the bytes, rows and files to count: one that failed has taken its time, but is not done."""
    return (piece.part.size, 0, 0) if isinstance(outcome, Failed) else (piece.part.size, outcome.counts.read, 1)


def _assemble(
    run: Run,
    results: Sequence[tuple[Part, Result]],
    max_bad_records: float,
    use_subset: bool,
    check: Check | None,
) -> Counts:
    """Judge the whole and list its files as the run's outputs."""
    counts = sum((result.counts for _, result in results), Counts())
    by_file = sorted(results, key=lambda one: one[0].file.key)  # of each the first bad lines are known, in their order
    judge(run, counts, [line for _, result in by_file for line in result.sample], max_bad_records, use_subset)
    if check:
        check([(part, result.counts.read) for part, result in results])
    for output in sorted((file for _, result in results for file in result.files), key=lambda file: file.key):
        run.record(output)
    return counts


def _write_part(piece: _Piece) -> Result:
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


def _transform_part(piece: _Piece, folder: Path) -> Result:
    part, dataset = piece.part, piece.dataset
    path = _opened(piece)
    counts = _Tally()
    quarantine = Quarantine(folder / "bad.jsonl.gz", part.file.key)
    with PartWriter(folder / "rows.parquet", dataset.schema, dataset.dictionary) as writer, quarantine:
        for batch in dataset.read(path, part):
            quarantine.add(batch.bad)
            writer.add(counts.take(batch, dataset, piece.subset))
            del batch  # the records need not stay while the next ones are read
        _check_stated(part, counts.read)
    outputs = [File(piece.output, piece.bucket.upload(writer.path, piece.output), writer.rows)]
    if quarantine.count:
        size = piece.bucket.upload(quarantine.path, piece.quarantine)
        outputs.append(File(piece.quarantine, size, quarantine.count))
    result = Result(tuple(outputs), counts.counts(writer.rows, quarantine), tuple(quarantine.sample[:SAMPLE]))
    write_record(piece.bucket, piece.record, result)
    return result


def _opened(piece: _Piece) -> Openable:
    """Return the input, to be read where it lies: by ranges when that is not on this machine."""
    file = piece.part.file
    return open_in_place(file) if file.in_place else piece.bucket.opened(file.key)


def _check_stated(part: Part, read: int) -> None:
    if part.stated is not None and part.stated != read:
        raise TransformError(
            "a file holds another number of records than its manifest states",
            on=f"{part.name}: {read:,} instead of {part.stated:,}",
            next=REPLACE,
        )


class _Tally:
    """Counts what becomes of the records of one part."""

    def __init__(self) -> None:
        self.read = 0
        self._dropped: Counter[str] = Counter()
        self._notes: Notes = Counter()

    def take(self, batch: Batch[Any], dataset: Dataset, subset: Subset | None) -> pa.RecordBatch:
        """Return the rows of a batch and count the others."""
        rows, dropped = dataset.columns(batch.records, subset, self._notes)
        self._dropped += dropped
        self.read += len(batch.records) + len(batch.bad)
        if batch.lenient:
            self._notes[LENIENT] += batch.lenient
        return rows

    def counts(self, written: int, quarantine: Quarantine) -> Counts:
        """Return the figures for the manifest."""
        by_reason = dict(quarantine.reasons)
        return Counts(self.read, written, dict(self._dropped), quarantine.count, dict(self._notes), by_reason)
