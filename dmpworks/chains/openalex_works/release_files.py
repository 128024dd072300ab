"""The files of works among those of a download phase, and how many records the release says each of them has.

In the bucket, names carry the token of the run that wrote them (`part_0000-1a2b3c4d.gz`), which is ignored here.
"""

import re
from collections.abc import Iterable, Mapping

from dmpworks.chains.openalex_works.source import AGAIN, parse_release
from dmpworks.datasets.transform.dataset import Part
from dmpworks.errors import TransformError, first_few
from dmpworks.jobs.manifest import File

PARQUET = ".parquet"

_MANIFEST = re.compile(r"(?:^|/)manifest(?:-[0-9a-f]{8})?\.json$")
_SUFFIXES = r"\.parquet|\.jsonl\.gz|\.gz"
_PART = re.compile(rf"(?:^|/)((?:updated_date=[^/]+/)?[^/]+?)(?:-[0-9a-f]{{8}})?({_SUFFIXES})$")


def choose_files(files: Iterable[File], manifests: Mapping[str, bytes]) -> list[Part]:
    """Return the files of works among those of a download phase: of two copies of the same release, the Parquet one.

    `manifests` holds the content of the phase's manifests by key. Raises TransformError when a listed file is missing,
    or when files would be ignored: two of one name, or Parquet and JSON Lines that are not copies of each other.
    """
    chosen = _one_copy(_named(files))
    parquet = any(name.endswith(PARQUET) for name in chosen)
    entries = [entry for key, content in manifests.items() for entry in parse_release(content, key).listed]
    stated = {entry.name: entry.meta.record_count for entry in entries if entry.name.endswith(PARQUET) == parquet}
    if missing := sorted(stated.keys() - chosen.keys()):
        raise TransformError(
            f"{len(missing)} files that the release lists are not in the bucket",
            on=first_few(missing, between=", "),
            next=AGAIN + ", then the transform",
        )
    return [Part(file, stated.get(name)) for name, file in sorted(chosen.items())]


def _named(files: Iterable[File]) -> dict[str, File]:
    """Return the files of works by the names that a release gives them."""
    named: dict[str, File] = {}
    for file in files:
        if _PART.search(file.key) and (other := named.setdefault(_name(file.key), file)) != file:
            raise TransformError(
                "two files stand for the same one of a release",
                on=f"{other.key} and {file.key}: both are {_name(file.key)}",
                next="remove one of them, or give each a name of its own below updated_date=YYYY-MM-DD/, "
                "then run the transform again",
            )
    return named


def _one_copy(named: dict[str, File]) -> dict[str, File]:
    """Return the Parquet files where each has its twin in JSON Lines, else all if they are of one kind."""
    parquet = {name: file for name, file in named.items() if name.endswith(PARQUET)}
    lines = {name: file for name, file in named.items() if name not in parquet}
    if not parquet or not lines:
        return named
    if alone := sorted({_stem(name) for name in parquet} ^ {_stem(name) for name in lines}):
        raise TransformError(
            "the input holds Parquet files and JSON Lines that are not copies of each other",
            on=f"{first_few(alone, between=', ')}: there in one of the two only",
            next="leave the files of one copy in the bucket, all of them, then run the transform again",
        )
    return parquet


def _stem(name: str) -> str:
    return re.sub(rf"({_SUFFIXES})$", "", name)


def is_manifest(key: str) -> bool:
    """Return whether a key in the bucket is that of a release's manifest."""
    return bool(_MANIFEST.search(key))


def _name(key: str) -> str:
    found = _PART.search(key)
    return "".join(found.groups()) if found else key
