"""What a dataset supplies to the transform: pure, so that importing a schema or a dataset loads nothing else.

A dataset is a `Dataset`:

- `read(path, part)` yields `Batch`es of decoded records of one part of the input (`json_lines.read_gzip_lines` for gzip
  JSON Lines) and raises TransformError when the file is damaged;
- `columns(records, subset, notes)` is pure: it turns the records of one batch (whatever `read` put there, if it has a
  length) into `BatchResult(rows, dropped)`: an Arrow record batch of `schema`, and how many records were left out by
  reason ("no DOI"). `subset` is None when every work is kept; `notes` (a Counter) takes what else is worth a figure in
  the manifest ("publication dates not parsed"), for the rows that are kept; `Dataset.with_options` binds options.
  Where speed does not matter, `by_row(schema, row)` makes it from a function of one record:
  `row(record, subset, notes)` returns one row (a NamedTuple in the order of `schema`) or, as text, the reason why the
  record is dropped. Where it does: flatten the records into one list per leaf, clean the leaves as Arrow arrays
  (`kernels/`), nest them by offsets (`arrow.nested`);
- `schema`, and the columns that Parquet stores by dictionary.

These functions are module-level because they are pickled for the worker processes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from dmpworks.datasets.columns.arrow import batch

if TYPE_CHECKING:  # only named here: these load clients of object stores
    from dmpworks.datasets.reading.json_lines import Batch
    from dmpworks.datasets.subset import Subset
    from dmpworks.jobs.manifest import File
    from dmpworks.services.ranged import Openable

Row = tuple[Any, ...]
Notes = Counter[str]
LENIENT = "records read leniently"


@dataclass(frozen=True)
class Part:
    """What one worker reads: a file of the input or, with `within`, some of it (the dataset's `read` knows which)."""

    file: "File"
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


class BatchResult(NamedTuple):
    """The rows of a batch of records, and how many records were left out, by reason."""

    rows: pa.RecordBatch
    dropped: Counter[str]


Columns = Callable[[Any, "Subset | None", Notes], BatchResult]


@dataclass(frozen=True)
class Dataset:
    """What is particular to a dataset: see the module's docstring."""

    schema: pa.Schema
    read: "Callable[[Openable, Part], Iterator[Batch[Any]]]"
    columns: Columns
    dictionary: tuple[str, ...] = ()  # paths of the Parquet columns that are stored by dictionary

    def with_options(self, **options: Any) -> "Dataset":
        """Return the dataset with keyword arguments of `columns` bound: the settings that decide what is kept."""
        return replace(self, columns=partial(self.columns, **options))


def by_row(schema: pa.Schema, row: Callable[[Any, "Subset | None", Notes], Row | str]) -> Columns:
    """Return the `columns` of a dataset whose records are turned into rows one by one."""
    return partial(_rows, schema, row)


def _rows(
    schema: pa.Schema,
    row: Callable[[Any, "Subset | None", Notes], Row | str],
    records: Sequence[Any],
    subset: "Subset | None",
    notes: Notes,
) -> BatchResult:
    made = [row(record, subset, notes) for record in records]
    dropped = Counter(one for one in made if isinstance(one, str))
    return BatchResult(batch(schema, [one for one in made if not isinstance(one, str)]), dropped)
