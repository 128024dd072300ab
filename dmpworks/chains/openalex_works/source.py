"""The manifest of an OpenAlex release: which files it holds, how large, with how many records.

OpenAlex writes it last, so its presence means that the release is complete. In the bucket, names carry the token of the
run that wrote them (`part_0000-1a2b3c4d.gz`), which is looked past here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from dmpworks.errors import DownloadError, TransformError, first_few
from dmpworks.jobs.run import File

NAME = "manifest.json"
AGAIN = "run the download job again"
PARQUET = ".parquet"

_MANIFEST = re.compile(r"(?:^|/)manifest(?:-[0-9a-f]{8})?\.json$")
_SUFFIXES = r"\.parquet|\.jsonl\.gz|\.gz"
_PART = re.compile(rf"(?:^|/)((?:updated_date=[^/]+/)?[^/]+?)(?:-[0-9a-f]{{8}})?({_SUFFIXES})$")


class Meta(msgspec.Struct, frozen=True):
    """What is stated of one file."""

    content_length: int | None = None
    record_count: int | None = None
    sha256: str | None = None
    md5: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """One file of a release."""

    url: str
    meta: Meta = Meta()

    @property
    def name(self) -> str:
        """The file's name below the folder of works, such as `updated_date=2026-01-01/part_0000.parquet`."""
        return "/".join(self.url.split("/")[-2:]) if "updated_date=" in self.url else self.url.rpartition("/")[2]


class Release(msgspec.Struct, frozen=True):
    """A manifest; the layout before June 2026 calls its files entries and its totals meta."""

    files: tuple[Entry, ...] = ()
    entries: tuple[Entry, ...] = ()
    record_count: int | None = None
    content_length: int | None = None
    meta: Meta = Meta()

    @property
    def listed(self) -> tuple[Entry, ...]:
        """The files."""
        return self.files or self.entries


class Input(NamedTuple):
    """A file of works in the bucket, and how many records its release says it has."""

    file: File
    stated: int | None


def parse_release(content: bytes, where: str) -> Release:
    """Read a manifest and check that its totals are the sums over its files; raises DownloadError."""
    try:
        release = msgspec.json.decode(content, type=Release)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DownloadError("the manifest of the release cannot be read", on=f"{where}: {error}", next=AGAIN) from error
    if not release.listed:
        raise DownloadError("the manifest of the release lists no files", on=where, next=AGAIN)
    if twice := [name for name, times in Counter(entry.name for entry in release.listed).items() if times > 1]:
        on = f"{where}: {first_few(twice, between=', ')}"
        raise DownloadError("the manifest of the release lists a file twice", on=on, next=AGAIN)
    _check_total(where, "records", release.record_count or release.meta.record_count, _record_counts(release))
    _check_total(where, "bytes", release.content_length or release.meta.content_length, _sizes(release))
    return release


def _record_counts(release: Release) -> list[int | None]:
    return [entry.meta.record_count for entry in release.listed]


def _sizes(release: Release) -> list[int | None]:
    return [entry.meta.content_length for entry in release.listed]


def _check_total(where: str, unit: str, stated: int | None, parts: Sequence[int | None]) -> None:
    known = [part for part in parts if part is not None]
    if stated is not None and len(known) == len(parts) and sum(known) != stated:
        raise DownloadError(
            "the manifest of the release contradicts itself",
            on=f"{where}: {stated:,} {unit} in all, but {sum(known):,} in its {len(parts):,} files",
            next="the release may be about to change: " + AGAIN,
        )


def check_sizes(where: str, listed: Sequence[Entry], found: Mapping[str, int | None]) -> None:
    """Raise DownloadError when a listed file is not there, or has another size than the manifest states."""
    wrong = [
        f"{entry.name}: {size:,} bytes instead of {entry.meta.content_length:,}" if size is not None else entry.name
        for entry in listed
        if (size := found.get(entry.name)) is None or entry.meta.content_length not in (None, size)
    ]
    if wrong:
        raise DownloadError(
            f"{len(wrong)} files are not there, or not as the manifest of the release states",
            on=f"{where}: {first_few(wrong, between=', ')}",
            next="the release may be about to change: " + AGAIN,
        )


def inputs(files: Iterable[File], read: Mapping[str, bytes]) -> list[Input]:
    """Return the files of works among those of a download phase: of two copies of the same release, the Parquet one.

    `read` holds the content of the phase's manifests by key. Raises TransformError when a listed file is not there, or
    when files would be passed over: two of one name, or Parquet and JSON Lines that are not copies of each other.
    """
    chosen = _one_copy(_named(files))
    parquet = any(name.endswith(PARQUET) for name in chosen)
    entries = [entry for key, content in read.items() for entry in parse_release(content, key).listed]
    stated = {entry.name: entry.meta.record_count for entry in entries if entry.name.endswith(PARQUET) == parquet}
    if missing := sorted(stated.keys() - chosen.keys()):
        raise TransformError(
            f"{len(missing)} files that the release lists are not in the bucket",
            on=first_few(missing, between=", "),
            next=AGAIN + ", then the transform",
        )
    return [Input(file, stated.get(name)) for name, file in sorted(chosen.items())]


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
