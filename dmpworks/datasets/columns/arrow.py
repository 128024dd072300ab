"""Converts rows, which are tuples, to nested Arrow columns and Parquet, without a dictionary per row.

A row is a NamedTuple whose fields are the columns (`schema_of`); lists of structs are lists of NamedTuples (`Party`,
`Award`, `Relation`) or of `names.Person`, whose fields are those of the struct. Columns are made by `zip`, nested ones
from flat leaves and offsets. Datasets that have flat leaves already skip the rows (`nested`).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import accumulate, chain
from pathlib import Path
from types import NoneType, TracebackType
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 24_000
LARGE_GROUP = 512 * 1024 * 1024  # bytes in memory

TYPES = {
    str: pa.string(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
}


class Party(NamedTuple):
    """An organisation as stated: id_type is ror, grid, isni, fundref, wikidata or None."""

    name: str | None
    id_type: str | None = None
    id: str | None = None


class Award(NamedTuple):
    """An award and, where the source ties it to one, its funder."""

    award_id: str
    funder_name: str | None = None
    funder_id_type: str | None = None
    funder_id: str | None = None


class Relation(NamedTuple):
    """A related work, with the relation type as the source writes it."""

    relation_type: str
    doi: str


def schema_of(row: type) -> pa.Schema:
    """Return the Arrow schema of a row class: its fields, in order; every column may be null."""
    return pa.schema([(name, _type_of(hint)) for name, hint in get_type_hints(row).items()])


def _type_of(hint: Any) -> pa.DataType:
    if get_origin(hint) is list:
        return pa.list_(_type_of(get_args(hint)[0]))
    (kind,) = [kind for kind in get_args(hint) or (hint,) if kind is not NoneType]
    return TYPES[kind] if kind in TYPES else pa.struct(list(schema_of(kind)))


def batch(schema: pa.Schema, rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
    """Return rows as one record batch."""
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ([] for _ in schema)
    arrays = [_array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_list(kind):
        return _list(values, kind)
    if pa.types.is_struct(kind):
        return _structs(values, kind)
    return pa.array(values, kind)


def _list(values: Sequence[Sequence[Any]], kind: pa.DataType) -> pa.Array:
    offsets = offsets_of(map(len, values))
    flat = list(chain.from_iterable(values))
    return pa.ListArray.from_arrays(offsets, _array(flat, kind.value_type), type=kind)


def _structs(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if values and isinstance(values[0], msgspec.Struct):
        values = list(map(msgspec.structs.astuple, values))
    leaves: Iterable[Sequence[Any]] = zip(*values, strict=True) if values else ([] for _ in kind)
    arrays = [_array(leaf, field.type) for leaf, field in zip(leaves, kind, strict=True)]
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def nested(kind: pa.ListType, offsets: Any, *leaves: Sequence[Any] | pa.Array) -> pa.ListArray:
    """Return a column of lists from offsets and flat values: one array, or one for each leaf of a struct.

    `nested(SCHEMA.field("funders").type, [0, 2, 2, 3], names, id_types, ids)`, where each leaf has three values;
    `offsets_of` makes offsets from lengths.
    """
    offsets = pa.array(offsets, pa.int32())
    item = kind.value_type
    if pa.types.is_struct(item):
        columns = [_leaf(leaf, field.type) for leaf, field in zip(leaves, item, strict=True)]
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(columns, fields=list(item)), type=kind)
    (leaf,) = leaves
    return pa.ListArray.from_arrays(offsets, _leaf(leaf, item), type=kind)


def offsets_of(lengths: Iterable[int]) -> pa.Array:
    """Return the offsets of lists with these lengths."""
    return pa.array(accumulate(lengths, initial=0), pa.int32())


def _leaf(values: Sequence[Any] | pa.Array, kind: pa.DataType) -> pa.Array:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


class PartWriter:
    """Writes rows to one Parquet file in groups of about 24,000; removes the file if an error ends the block."""

    def __init__(self, path: Path, schema: pa.Schema, dictionary: Sequence[str] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.rows, self._schema = path, 0, schema
        self._waiting: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=list(dictionary),
            write_statistics=False,  # nobody asks for the least and the greatest title
        )

    def add(self, rows: pa.RecordBatch) -> None:
        """Add rows, which are written once enough of them are waiting."""
        if rows.num_rows:
            self._waiting.append(rows)
            self.rows += rows.num_rows
        waiting = self._waiting
        if sum(one.num_rows for one in waiting) >= ROW_GROUP or sum(one.nbytes for one in waiting) >= LARGE_GROUP:
            self._write()

    def _write(self) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        self._writer.write_table(table, row_group_size=max(table.num_rows, 1))
        self._waiting.clear()
        pa.default_memory_pool().release_unused()  # else Arrow keeps the peak memory of every group

    def __enter__(self) -> "PartWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._waiting:
            self._write()
        self._writer.close()
        if error is not None:
            self.path.unlink(missing_ok=True)
