"""Copies the files of a source into a run's download phase, each checked before it is published.

Use: `copy_files(run, source, items)` for many files, `copy_file` for one, `copy_release` for a release that is one zip.
A file is streamed through the run's scratch folder, hashed on the way, compared with every size and hash that is known
of it, and published under the name it has in the source. What does not agree is never published and fails the job, once
the other files are through.

    source = open_source("s3://openalex/data/jsonl/works/", Access(region="us-east-1", anonymous=True))
    manifest = read(source, "manifest.json")
    counts = copy_files(run, source, [Item("updated_date=2026-01-01/part_0000.gz", size=123)], {name: Digest(...)})
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import stamina

from dmpworks.datasets.sources import AGAIN, Item, Source, open_source
from dmpworks.errors import DmpworksError, DownloadError, SettingsError, TemporaryError
from dmpworks.jobs.model import Counts

if TYPE_CHECKING:
    from dmpworks.jobs.run import File, Run

ATTEMPTS = 5
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # by the number of hexadecimal digits
SPOKEN = 10.0  # seconds between two progress lines


class Digest(NamedTuple):
    """A hash that a file must have: algorithm of hashlib and lower-case hexadecimal value."""

    algorithm: str
    value: str


def parse_digest(text: str | None, setting: str) -> Digest | None:
    """Read `md5:...`, `sha256:...` or a bare hexadecimal value (by its length); None for none; raises SettingsError."""
    if not text or not text.strip():
        return None
    prefix, _, value = text.strip().lower().rpartition(":")
    algorithm = ALGORITHMS.get(len(value))
    if algorithm is None or prefix not in ("", algorithm) or not set(value) <= set("0123456789abcdef"):
        raise SettingsError(
            "the hash cannot be understood",
            on=f"{setting}={text}",
            next="give md5:<32 digits>, sha1:<40>, sha256:<64>, sha512:<128> or just the hexadecimal digits",
        )
    return Digest(algorithm, value)


def copy_files(
    run: "Run", source: Source, items: Sequence[Item], digests: Mapping[str, Digest] | None = None
) -> Counts:
    """Publish every item; raises DownloadError naming each that failed, after the others are through."""
    if not items:
        raise DownloadError("the source holds no file of this dataset", on=source.address, next=AGAIN)
    files: list[File] = []
    failures: list[DmpworksError] = []
    told = 0.0
    for number, item in enumerate(items, 1):
        try:
            files.append(copy_file(run, source, item, (digests or {}).get(item.name)))
        except (DownloadError, TemporaryError) as error:
            failures.append(error)
            run.progress(f"{item.name} FAILED: {error.what}")
        if number == len(items) or time.monotonic() - told > SPOKEN:
            told = time.monotonic()
            run.progress(f"{number:,} of {len(items):,} files, {sum(file.size for file in files) / 1e6:,.1f} MB")
    if failures:
        raise _together(failures, len(items))
    return counts(files)


def copy_file(run: "Run", source: Source, item: Item, digest: Digest | None = None, name: str | None = None) -> "File":
    """Publish one item (as `name`, by default its own); raises DownloadError, or TemporaryError when out of reach."""
    path = run.scratch / "copy" / Path(item.name).name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        received = _fetch(run, source, item, path, digest)
        _check_size(source, item, path.stat().st_size)
        _check_digest(source, item, digest, received)
        return run.publish(path, name or item.name)
    finally:
        path.unlink(missing_ok=True)


def copy_release(run: "Run", address: str, hash: str | None, file_name: str | None) -> Counts:
    """Publish a release that is one zip, checked by its hash; `address` may be a folder that holds that zip alone.

    Messages name the settings as every chain of this kind has them, such as `ROR_HASH` and `ROR_FILE_NAME`.
    """
    prefix = run.chain.upper().replace("-", "_")
    digest = parse_digest(hash, f"{prefix}_HASH")
    source = open_source(address)
    items = source.items()
    if len(items) > 1:
        items = [item for item in items if item.name.endswith(".zip")]
    if len(items) != 1:
        raise DownloadError(
            "the source does not hold exactly one zip",
            on=f"{source.address}: {', '.join(item.name for item in items) or 'none'}",
            next=f"set {prefix}_DOWNLOAD_URL to the zip itself",
        )
    name = file_name or Path(items[0].name).name
    if not name.endswith(".zip"):
        raise SettingsError(
            "the release would not be named .zip", on=f"{source.address}: {name}", next=f"set {prefix}_FILE_NAME"
        )
    return counts([copy_file(run, source, items[0], digest, name)])


def counts(files: "Sequence[File]") -> Counts:
    """Return what a download job reports: its files and their bytes."""
    return Counts(read=len(files), written=len(files), also={"bytes": sum(file.size for file in files)})


def _fetch(run: "Run", source: Source, item: Item, path: Path, digest: Digest | None) -> str | None:
    """Stream one file to disk, repeated with growing pauses; return its hash."""
    try:
        for attempt in stamina.retry_context(
            on=(TemporaryError, EOFError), attempts=ATTEMPTS, timeout=None, wait_initial=1.0, wait_max=60.0
        ):
            with attempt:
                return _receive(run, source, item, path, digest)
    except EOFError as error:
        raise DownloadError(
            "the source sent fewer bytes than it stated", on=f"{source.address} {item.name}: {error}", next=AGAIN
        ) from error
    raise AssertionError("stamina returns or raises")


def _receive(run: "Run", source: Source, item: Item, path: Path, digest: Digest | None) -> str | None:
    hasher = hashlib.new(digest.algorithm, usedforsecurity=False) if digest else None
    received, told = 0, time.monotonic()
    with source.open(item.name) as stream, path.open("wb") as file:
        for piece in stream.pieces:
            file.write(piece)
            received += len(piece)
            if hasher:
                hasher.update(piece)
            if time.monotonic() - told > SPOKEN:
                told = time.monotonic()
                run.progress(f"{item.name}: {received / 1e6:,.0f} of {(stream.size or 0) / 1e6:,.0f} MB")
    if stream.size is not None and received < stream.size:
        raise EOFError(f"{received:,} of {stream.size:,} bytes")
    return hasher.hexdigest() if hasher else None


def _check_size(source: Source, item: Item, received: int) -> None:
    if item.size is not None and received != item.size:
        raise DownloadError(
            "a file has another size than the source's listing states",
            on=f"{source.address} {item.name}: {received:,} bytes instead of {item.size:,}",
            next="the source may have changed midway: run the download job again",
        )


def _check_digest(source: Source, item: Item, digest: Digest | None, received: str | None) -> None:
    if digest is not None and received != digest.value:
        raise DownloadError(
            f"the {digest.algorithm} of a file is not the expected one",
            on=f"{source.address} {item.name}: {received} instead of {digest.value}",
            next="check the hash that is set against the one published with the file, then run the download job again",
        )


def _together(failures: Sequence[DmpworksError], total: int) -> DmpworksError:
    if len(failures) == 1:
        return failures[0]
    # Every failure is named; only when all of them may pass by themselves is another attempt worth it.
    kind = TemporaryError if all(isinstance(error, TemporaryError) for error in failures) else DownloadError
    told = "; ".join(f"{error.on} ({error.what})" for error in failures)
    return kind(f"{len(failures)} of {total} files could not be copied", on=told, next=failures[0].next)
