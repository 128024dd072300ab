"""Selects the files of works in a download phase, with the number of records that the release states for each.

Names in the bucket contain the token of the run that wrote them (`part_0000-1a2b3c4d.gz`), which is ignored here.
"""

import re
from collections.abc import Iterable, Mapping

from dmpworks.chains.openalex_works.source import RERUN_DOWNLOAD, parse_release
from dmpworks.datasets.transform.dataset import Part
from dmpworks.errors import TransformError, first_few
from dmpworks.jobs.manifest import File

PARQUET = ".parquet"

_MANIFEST = re.compile(r"(?:^|/)manifest(?:-[0-9a-f]{8})?\.json$")
_SUFFIXES = r"\.parquet|\.jsonl\.gz|\.gz"
_PART = re.compile(rf"(?:^|/)((?:updated_date=[^/]+/)?[^/]+?)(?:-[0-9a-f]{{8}})?({_SUFFIXES})$")


def choose_files(files: Iterable[File], manifests: Mapping[str, bytes]) -> list[Part]:
    """Return the files of works of a download phase; of two copies of one release, the Parquet one.

    `manifests` is the content of the phase's manifests by key. Raises TransformError if a listed file is missing, or if
    files would be ignored: two with one name, or Parquet and JSON Lines that are not copies of each other.
    """
    chosen = _one_copy(_named(files))
    parquet = any(name.endswith(PARQUET) for name in chosen)
    entries = [entry for key, content in manifests.items() for entry in parse_release(content, key).listed]
    stated = {entry.name: entry.meta.record_count for entry in entries if entry.name.endswith(PARQUET) == parquet}
    if missing := sorted(stated.keys() - chosen.keys()):
        raise TransformError(
            f"{len(missing)} files that the release lists are not in the bucket",
            on=first_few(missing, between=", "),
            next=RERUN_DOWNLOAD + ", then the transform",
        )
    return [Part(file, stated.get(name)) for name, file in sorted(chosen.items())]


def _named(files: Iterable[File]) -> dict[str, File]:
    """Return the files of works by their names in the release."""
    named: dict[str, File] = {}
    for file in files:
        if _PART.search(file.key) and (other := named.setdefault(_name(file.key), file)) != file:
            raise TransformError(
                "two files have the same name in the release",
                on=f"{other.key} and {file.key}: both are {_name(file.key)}",
                next="remove one of them, or give each a different name below updated_date=YYYY-MM-DD/, "
                "then run the transform again",
            )
    return named


def _one_copy(named: dict[str, File]) -> dict[str, File]:
    """Return the Parquet files if each has a copy in JSON Lines; all files if they are of one kind."""
    parquet = {name: file for name, file in named.items() if name.endswith(PARQUET)}
    lines = {name: file for name, file in named.items() if name not in parquet}
    if not parquet or not lines:
        return named
    if without_copy := sorted({_stem(name) for name in parquet} ^ {_stem(name) for name in lines}):
        raise TransformError(
            "the input has Parquet files and JSON Lines that are not copies of each other",
            on=f"{first_few(without_copy, between=', ')}: in only one of the two formats",
            next="keep all files of one copy in the bucket and remove the others, then run the transform again",
        )
    return parquet


def _stem(name: str) -> str:
    return re.sub(rf"({_SUFFIXES})$", "", name)


def is_manifest(key: str) -> bool:
    """Return whether a key in the bucket is a release's manifest."""
    return bool(_MANIFEST.search(key))


def _name(key: str) -> str:
    found = _PART.search(key)
    return "".join(found.groups()) if found else key
