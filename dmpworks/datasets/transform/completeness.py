"""Detects fields that are empty in a whole release.

A key that the source renames decodes as null in every record. No record is bad, so nothing else would notice that a
field of the whole release is lost, and the works index would silently have no awards, no ROR ids, no abstracts.
"""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from dmpworks.datasets.transform.dataset import Dataset
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

# Of a field that only 1 of 1,000 records has, 10,000 rows are all empty by chance in 1 of 20,000 releases. Fewer rows
# are a test or somebody's selection, never a release.
MIN_ROWS = 10_000


def count_values(rows: pa.RecordBatch, paths: Sequence[str]) -> dict[str, int]:
    """Return the number of values at each path: a column, or `column.leaf` of a list of structs."""
    return {path: _count(rows.column(path.partition(".")[0]), path.partition(".")[2]) for path in paths}


def _count(column: pa.Array, leaf: str) -> int:
    values = column.flatten() if pa.types.is_list(column.type) else column
    values = values.field(leaf) if leaf else values
    return int(len(values) - values.null_count)


def check_filled(run: Run, dataset: Dataset, counts: Counts, parts: Iterable[dict[str, int]]) -> None:
    """Raise TransformError if a normally filled field has no value in any row; below MIN_ROWS nothing is checked.

    `parts` are the `count_values` of each part of the release.
    """
    if counts.written < MIN_ROWS:
        return
    filled = {path for values in parts for path, number in values.items() if number}
    if empty := [path for path in dataset.normally_filled if path not in filled]:
        raise TransformError(
            f"fields that are normally filled are empty in every record: {', '.join(empty)}",
            on=f"{run.chain} {run.run_id}: {counts.written:,} rows",
            next=f"compare a record with {dataset.layout}: if its keys were renamed, dmpworks needs a newer version",
        )
