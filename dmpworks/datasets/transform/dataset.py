"""What a dataset supplies to the transform. This module is pure: importing a schema or dataset loads nothing else.

A dataset is a `Dataset`:

- `read(path, part)` yields `Batch`es of decoded records of one part of the input (`json_lines.read_gzip_lines` for gzip
  JSON Lines) and raises TransformError if the file is damaged;
- `columns(records, subset, notes)` is pure: it turns the records of one batch (any sized collection that `read` yields)
  into `BatchResult(rows, dropped)`: an Arrow record batch of `schema`, and the number of dropped records by reason
  ("no DOI"). `subset` is None if every work is kept. `notes` (a Counter) takes the other figures of the manifest
  ("publication dates not parsed"), for the rows that are kept. `Dataset.with_options` binds options.
  Where speed does not matter, `by_row(schema, row)` makes it from a function of one record: `row(record, subset,
  notes)` returns a row (a NamedTuple in the order of `schema`) or, as text, the reason why the record is dropped.
  Where it does matter: flatten the records into one list per leaf, clean the leaves as Arrow arrays (`kernels/`), and
  nest them by offsets (`arrow.nested`);
- `schema`, and the columns that Parquet stores by dictionary;
- `normally_filled`, the columns whose emptiness in a whole release fails the transform (`completeness.py`), and the
  address of the publisher's description (`layout`) for that message.

These functions are module-level because they are pickled for the worker processes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsInt

import pyarrow as pa

from dmpworks.datasets.columns.arrow import batch

if TYPE_CHECKING:  # for annotations only: these modules load clients of object stores
    from dmpworks.datasets.reading.json_lines import Batch
    from dmpworks.datasets.subset import Subset
    from dmpworks.jobs.manifest import File
    from dmpworks.services.ranged import Openable

Row = tuple[Any, ...]
Notes = Counter[str]
LENIENT = "records read leniently"


@dataclass(frozen=True)
class Part:
    """What one worker reads: an input file or, with `within`, a member of it, as the dataset's `read` defines it."""

    file: "File"
    stated: int | None = None  # the number of records that the source states
    within: Any = None

    @property
    def name(self) -> str:
        """The name of the part in messages."""
        return self.file.key if self.within is None else f"{self.file.key} ({self.within})"

    @property
    def size(self) -> int:
        """The number of bytes to read."""
        return getattr(self.within, "size", self.file.size)


def note(notes: Notes, reason: str, number: SupportsInt) -> None:
    """Add to a figure of the manifest, which has no entry for a reason that never occurs."""
    if number:
        notes[reason] += int(number)


class BatchResult(NamedTuple):
    """The rows of a batch of records, and the number of dropped records by reason."""

    rows: pa.RecordBatch
    dropped: Counter[str]


Columns = Callable[[Any, "Subset | None", Notes], BatchResult]


@dataclass(frozen=True)
class Dataset:
    """The contract of a dataset: see the docstring of the module."""

    schema: pa.Schema
    read: "Callable[[Openable, Part], Iterator[Batch[Any]]]"
    columns: Columns
    dictionary: tuple[str, ...] = ()  # paths of the Parquet columns that are stored by dictionary
    normally_filled: tuple[str, ...] = ()  # columns (or column.leaf) that no complete release leaves empty
    layout: str = "the documentation of the source"  # where the publisher describes the records

    def with_options(self, **options: Any) -> "Dataset":
        """Return the dataset with keyword arguments of `columns` bound, such as settings that decide what is kept."""
        return replace(self, columns=partial(self.columns, **options))


def by_row(schema: pa.Schema, row: Callable[[Any, "Subset | None", Notes], Row | str]) -> Columns:
    """Return the `columns` function of a dataset that converts its records one by one."""
    return partial(_rows, schema, row)


def _rows(
    schema: pa.Schema,
    row: Callable[[Any, "Subset | None", Notes], Row | str],
    records: Sequence[Any],
    subset: "Subset | None",
    notes: Notes,
) -> BatchResult:
    results = [row(record, subset, notes) for record in records]
    dropped = Counter(reason for reason in results if isinstance(reason, str))
    return BatchResult(batch(schema, [made for made in results if not isinstance(made, str)]), dropped)
