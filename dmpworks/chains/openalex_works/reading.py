"""Reads both published copies of OpenAlex works: JSON Lines as structs, Parquet as record batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import inspect

from dmpworks.chains.openalex_works.records import columns
from dmpworks.chains.openalex_works.release_files import choose_files, is_manifest
from dmpworks.chains.openalex_works.schema import DICTIONARY, FILLED, SCHEMA, Work
from dmpworks.datasets.reading.coerce import type_info
from dmpworks.datasets.reading.json_lines import BATCH, Batch, damaged, read_gzip_lines
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.errors import TransformError
from dmpworks.jobs.run import Phase
from dmpworks.services.storage import Openable

LIST = "list.element"
LAYOUT = "https://docs.openalex.org/api-entities/works/work-object"
OPTIONAL = frozenset(("display_name", "is_xpac"))


def parts(download: Phase) -> list[Part]:
    """Return the files of works of the phase; raises TransformError if some are missing or contradict each other."""
    manifests = {file.key: download.content(file) for file in download.files if is_manifest(file.key)}
    return choose_files(download.files, manifests)


def read(path: Openable, part: Part) -> Iterator[Batch[Any]]:
    """Yield the works of one published file, JSON Lines or Parquet by its name."""
    return _read_parquet(path) if part.file.key.endswith(".parquet") else read_gzip_lines(path, Work)


DATASET = Dataset(
    schema=SCHEMA,
    read=read,
    columns=columns,
    dictionary=DICTIONARY,
    normally_filled=FILLED,
    layout=LAYOUT,
)


def _read_parquet(path: Openable) -> Iterator[Batch[Any]]:
    rows = 0
    try:
        # Small reads of single column chunks: read_row_group on a published file needs gigabytes of memory.
        source = path if isinstance(path, Path) else path.open("rb")
        file = pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False, page_checksum_verification=True)
        leaves = _leaves(file, path.name)
        for batch in file.iter_batches(batch_size=BATCH, columns=leaves, use_threads=False):
            rows += batch.num_rows
            yield Batch(batch, [])
    except (pa.ArrowException, OSError) as error:
        raise damaged(path.name, f"{type(error).__name__}: {error}".splitlines()[0], rows) from error


def _leaves(file: pq.ParquetFile, name: str) -> list[str]:
    """Return the paths of the leaves to read; raises TransformError if the layout has changed."""
    present = [file.schema.column(number).path for number in range(len(file.schema))]
    wanted = [path for path in _paths(type_info(Work)) if path.partition(".")[0] != "ids"]
    # A field that is undecoded in JSON Lines may be a list here. The identifiers are a map, whose leaves each writer
    # names differently.
    found = {path: [leaf for leaf in present if f"{leaf}.".startswith(f"{path}.")] for path in (*wanted, "ids")}
    missing = [path for path in wanted if not found[path] and path not in OPTIONAL]
    if missing:
        raise TransformError(
            "a file does not have the expected layout",
            on=f"{name}: no column {', '.join(missing)}",
            next=f"compare it with {LAYOUT}; dmpworks may need a newer version",
        )
    return [leaf for leaves in found.values() for leaf in leaves]


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return the list or struct of a union, else its first type."""
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
