"""The Parquet copy of generated OpenAlex works, in the layout of tests/data/real/openalex-works.parquet."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.records import INDEX, REAL

BATCH = 1000


def write_parquet(path: Path, lines: Iterable[str], rows: int | None = None) -> None:
    """Write works as one row group, as a published part has; `rows` of them, the same works again and again."""
    batches: Iterable[pa.RecordBatch] = list(_batches(lines))
    if rows is not None:
        batches = islice(cycle(batches), rows // BATCH)  # no copies: the table only refers to them
    table = pa.Table.from_batches(batches, _schema())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="snappy", row_group_size=table.num_rows)


def _schema() -> pa.Schema:
    return pq.read_schema(REAL / "openalex-works.parquet")


def _batches(lines: Iterable[str]) -> Iterator[pa.RecordBatch]:
    schema, rest = _schema(), iter(lines)
    while works := [_row(json.loads(line), schema) for line in islice(rest, BATCH)]:
        yield pa.RecordBatch.from_pylist(works, schema)


def _row(work: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return a work as a row: identifiers are a map, dates are dates, the abstract's index is a text."""
    index = work.get(INDEX)
    work[INDEX] = None if index is None else json.dumps(index, ensure_ascii=False)
    work["ids"] = list(work["ids"].items())
    for field in schema:
        if pa.types.is_date(field.type):
            work[field.name] = date.fromisoformat(work[field.name])
        elif pa.types.is_timestamp(field.type):
            work[field.name] = datetime.fromisoformat(work[field.name])
    return work
