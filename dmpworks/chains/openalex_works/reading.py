"""Reads both published copies of OpenAlex works into the same records: JSON Lines, and the Parquet leaves we use."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import inspect

from dmpworks.chains.openalex_works.schema import NULL, Work
from dmpworks.datasets.lenient import type_info
from dmpworks.datasets.lines import BATCH, Batch, damaged, read_gzip_lines
from dmpworks.datasets.transform import Part
from dmpworks.errors import TransformError

LIST = "list.element"
OPTIONAL = frozenset(("display_name", "is_xpac"))


def read(path: Path, part: Part) -> Iterator[Batch[Work]]:
    """Yield the works of one published file, JSON Lines or Parquet by its name."""
    return _read_parquet(path, part.file.key) if part.file.key.endswith(".parquet") else read_gzip_lines(path, Work)


def _read_parquet(path: Path, name: str) -> Iterator[Batch[Work]]:
    rows = 0
    try:
        # Small reads of single column chunks: read_row_group on a published file takes gigabytes.
        file = pq.ParquetFile(path, buffer_size=1 << 20, page_checksum_verification=True)
        leaves = _leaves(file, name)
        for batch in file.iter_batches(batch_size=BATCH, columns=leaves, use_threads=False):
            works = _structs(batch.to_struct_array(), type_info(Work))
            rows += len(works)
            yield Batch(works, [])
    except (pa.ArrowException, OSError) as error:
        raise damaged(name, f"{type(error).__name__}: {error}".splitlines()[0], rows) from error


def _leaves(file: pq.ParquetFile, name: str) -> list[str]:
    """Return the paths of the leaves to read; raises TransformError when the layout has changed."""
    held = {file.schema.column(number).path for number in range(len(file.schema))}
    leaves = [path for path in _paths(type_info(Work)) if path.partition(".")[0] != "ids"]
    missing = [leaf for leaf in leaves if leaf not in held and leaf not in OPTIONAL]
    if missing:
        raise TransformError(
            "a file has another layout than expected",
            on=f"{name}: no column {', '.join(missing)}",
            next="compare it with the layout that OpenAlex describes; dmpworks may need a newer version",
        )
    # The identifiers are a map: its two leaves are named differently by different writers.
    return [leaf for leaf in leaves if leaf in held] + sorted(path for path in held if path.startswith("ids."))


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return the type itself, without the None or the other scalars that a union allows beside it."""
    if not isinstance(kind, inspect.UnionType):
        return kind
    nested = (member for member in kind.types if isinstance(member, inspect.StructType | inspect.ListType))
    return next(nested, kind.types[0])


def _paths(kind: inspect.Type, prefix: str = "") -> Iterator[str]:
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from _paths(field.type, f"{prefix}.{field.name}" if prefix else field.name)
    elif isinstance(kind, inspect.ListType):
        yield from _paths(kind.item_type, f"{prefix}.{LIST}")
    else:
        yield prefix


def _values(array: pa.Array, kind: inspect.Type) -> list[Any]:
    """Return a column as Python values, structs as the msgspec structs of the record's type."""
    kind = _bare(kind)
    if pa.types.is_map(array.type):
        return _from_map(array, kind)
    if isinstance(kind, inspect.StructType):
        return _structs(array, kind)
    if isinstance(kind, inspect.ListType):
        flat = _values(array.values, kind.item_type)
        return [flat[start:end] for start, end in pairwise(array.offsets.to_pylist())]
    if isinstance(kind, inspect.RawType):
        return [msgspec.Raw(text.encode()) if text else NULL for text in _scalars(array)]
    return _scalars(array)


def _structs(array: pa.StructArray, kind: inspect.Type) -> list[Any]:
    assert isinstance(kind, inspect.StructType)
    children = {field.name: child for field, child in zip(array.type, array.flatten(), strict=True)}
    columns = [
        _values(children[field.name], field.type) if field.name in children else [field.default] * len(array)
        for field in kind.fields
    ]
    values = [kind.cls(*leaves) for leaves in zip(*columns, strict=True)]
    if array.null_count:
        return [value if valid else None for value, valid in zip(values, array.is_valid().to_pylist(), strict=True)]
    return values


def _from_map(array: pa.MapArray, kind: inspect.Type) -> list[Any]:
    assert isinstance(kind, inspect.StructType)
    names = {field.name for field in kind.fields}
    entries = list(zip(_scalars(array.keys), _scalars(array.items), strict=True))
    spans = pairwise(array.offsets.to_pylist())
    return [kind.cls(**{key: value for key, value in entries[start:end] if key in names}) for start, end in spans]


def _scalars(array: pa.Array) -> list[Any]:
    try:
        return array.to_pylist()
    except UnicodeDecodeError:  # Parquet promises UTF-8, but nothing checks it
        values = array.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode(errors="replace") for value in values]
    except OverflowError:  # a day or moment that Python's dates do not reach: as a text, it counts as not parsed
        return [_scalar(value) for value in array]


def _scalar(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except OverflowError:
        return str(value.value)
