"""A file that is not whole fails the job with its name, after all others have been read; nothing is silently short."""

import gzip
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmpworks.catalog import CHAINS, chain_named
from dmpworks.chains.openalex_works.jobs import Scope, Transform, transform
from dmpworks.datasets.transform.checkpoints import RECORDS
from dmpworks.errors import TransformError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import Manifest
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.datasets.sample import broken_gzips

MakeRun = Callable[..., Run]
DOWNLOAD = "openalex-works/2026-10-01/download"
PHASE = "openalex-works/2026-10-01/transform"


def put_release(bucket: Bucket, files: dict[str, bytes], records: int) -> list[str]:
    """Put files into the bucket with a manifest that states how many records each holds; return their keys."""
    listed = [
        {"url": f"s3://openalex/{name}", "meta": {"record_count": records, "content_length": len(content)}}
        for name, content in files.items()
    ]
    bucket.put(f"{DOWNLOAD}/manifest.json", msgspec.json.encode({"files": listed}))
    for name, content in files.items():
        bucket.put(f"{DOWNLOAD}/{name}", content)
    return [f"{DOWNLOAD}/{name}" for name in files]


def transformed(bucket: Bucket, make_run: MakeRun, workers: int = 1) -> object:
    run = make_run(bucket, "openalex-works", "transform")
    return transform(run, Scope(), Transform(workers, include_xpac=True), BadRecords())


def check(bucket: Bucket, make_run: MakeRun, name: str, damaged: bytes, good: bytes, says: str) -> None:
    """Damage the middle one of three files: the job names it alone, and goes on from the others once it is mended."""
    files = {name.format(number): good for number in range(3)}
    keys = put_release(bucket, files, 34)
    bucket.put(keys[1], damaged)
    with pytest.raises(TransformError) as caught:
        transformed(bucket, make_run)
    assert caught.value.what == "1 of 3 files could not be transformed"
    assert keys[1] in caught.value.on and says in caught.value.on
    assert keys[0] not in caught.value.on and keys[2] not in caught.value.on
    assert "--start-job download" in caught.value.next
    assert len(bucket.list(f"{PHASE}/{RECORDS}")) == 2
    assert len([key for key, _ in bucket.list(PHASE) if key.endswith(".parquet")]) == 2
    bucket.put(keys[1], good)
    counts = transformed(bucket, make_run)
    assert isinstance(counts, Counts) and counts.read == 102


def real_lines(data: Path) -> bytes:
    return gzip.decompress((data / "real/openalex-works.jsonl.gz").read_bytes()).rstrip(b"\n") + b"\n"


@pytest.mark.parametrize("damage", broken_gzips(b"{}"))
def test_a_gzip_that_is_not_whole(bucket: Bucket, make_run: MakeRun, data: Path, damage: str) -> None:
    lines = real_lines(data)
    check(bucket, make_run, "part_000{}.gz", broken_gzips(lines)[damage], gzip.compress(lines), "a file is damaged")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_gzip_cut_exactly_at_the_end_of_a_member(bucket: Bucket, make_run: MakeRun, data: Path, kept: int) -> None:
    # Such a file is a whole gzip file: only the number of its records tells.
    lines = real_lines(data).splitlines(keepends=True)
    members = [gzip.compress(b"".join(lines[start : start + 12])) for start in (0, 12, 24)]
    says = f"{12 * kept} instead of 34" if kept else "a file is damaged"
    check(bucket, make_run, "part_000{}.gz", b"".join(members[:kept]), b"".join(members), says)


def flip(content: bytes, place: int) -> bytes:
    place %= len(content)
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def checked_pages(content: bytes) -> bytes:
    """Return a Parquet file anew, with a checksum of each page."""
    written = io.BytesIO()
    pq.write_table(pq.read_table(pa.BufferReader(content)), written, write_page_checksum=True)
    return written.getvalue()


PARQUET: dict[str, Callable[[bytes], bytes]] = {
    "no magic at the end": lambda content: content[:-4] + b"XXXX",
    "the length of the footer flipped": lambda content: flip(content, -7),
    "a footer longer than the file": lambda content: content[:-8] + b"\xff\xff\xff\x7f" + content[-4:],
    "the footer flipped": lambda content: flip(content, -9),
    "the footer cut": lambda content: content[:-500],
    "half of it": lambda content: content[: len(content) // 2],
    "only magic": lambda content: b"PAR1",
    "nothing": lambda content: b"",
    "zeros in the abstracts": lambda content: content[:80_000] + bytes(2_000) + content[82_000:],
    "a byte of the abstracts flipped": lambda content: flip(content, 90_000),
}


@pytest.mark.parametrize("damage", PARQUET)
def test_a_parquet_file_that_cannot_be_read(bucket: Bucket, make_run: MakeRun, data: Path, damage: str) -> None:
    good = checked_pages((data / "real/openalex-works.parquet").read_bytes())
    name = "updated_date=2026-01-0{}/part_0000.parquet"
    check(bucket, make_run, name, PARQUET[damage](good), good, "a file is damaged")


def test_a_parquet_file_of_fewer_rows_than_stated(bucket: Bucket, make_run: MakeRun, data: Path) -> None:
    good = (data / "real/openalex-works.parquet").read_bytes()
    short = io.BytesIO()
    pq.write_table(pq.read_table(pa.BufferReader(good)).slice(0, 30), short)
    name = "updated_date=2026-01-0{}/part_0000.parquet"
    check(bucket, make_run, name, short.getvalue(), good, "30 instead of 34")


CHAIN = chain_named("openalex-works")


def executed(job: str, bucket: Bucket, source: Path, **more: str) -> Manifest | Partial:
    environ = {"BUCKET_NAME": bucket.name, "OPENALEX_WORKS_RUN_ID": "2026-10-01", "OPENALEX_WORKS_SOURCE": str(source)}
    return execute(CHAINS, CHAIN, CHAIN.job(job), environ | more)


@pytest.fixture
def source(data: Path, tmp_path: Path) -> Path:
    """A copy of the planted release."""
    published = data / "planted/openalex-works/2026-10-01/download/data/jsonl/works"
    return Path(shutil.copytree(published, tmp_path / "source"))


def test_what_is_removed_is_fetched_again(bucket: Bucket, source: Path) -> None:
    downloaded = executed("download", bucket, source)
    assert isinstance(downloaded, Manifest)
    key = downloaded.files[3].key
    bucket.put(key, flip(bucket.get(key), 5000))
    with pytest.raises(TransformError) as caught:
        executed("transform", bucket, source)
    assert key in caught.value.on
    assert caught.value.next == (
        f"remove the damaged file from {bucket.name}, then dmpworks run openalex-works --run-id 2026-10-01 "
        "--start-job download (or batch-submit): missing files are fetched again; or upload it again"
    )
    # Without the first step a download finds nothing to do: the size is right.
    assert executed("download", bucket, source) == downloaded
    bucket.delete([key])
    again = executed("download", bucket, source)
    assert isinstance(again, Manifest)
    assert [old == new for old, new in zip(downloaded.files, again.files, strict=True)].count(False) == 1
    made = executed("transform", bucket, source)
    assert isinstance(made, Manifest) and made.counts.read == 2379


def test_what_is_read_in_place_is_not_to_be_removed(bucket: Bucket, source: Path) -> None:
    part = next(iter(sorted(source.rglob("part_0000.gz"))))
    part.write_bytes(flip(part.read_bytes(), 5000))
    stated = json.loads((source / "manifest.json").read_bytes())
    for entry in stated["files"]:  # where a hash is stated, the download itself notices
        entry["meta"] = {name: value for name, value in entry["meta"].items() if name not in ("sha256", "md5")}
    (source / "manifest.json").write_text(json.dumps(stated))
    executed("download", bucket, source, OPENALEX_WORKS_DOWNLOAD_MODE="reference")
    with pytest.raises(TransformError) as caught:
        executed("transform", bucket, source)
    assert (
        caught.value.next
        == "the damaged file was read at its source: when it has been repaired there, run the download job again"
    )


def test_two_workers_name_every_damaged_file(bucket: Bucket, make_run: MakeRun, data: Path) -> None:
    good = gzip.compress(real_lines(data))
    keys = put_release(bucket, {f"part_{number:04}.gz": good for number in range(6)}, 34)
    for number in (1, 4):
        bucket.put(keys[number], good[:-number])
    with pytest.raises(TransformError) as caught:
        transformed(bucket, make_run, workers=2)
    assert [key for key in keys if key in caught.value.on] == [keys[1], keys[4]]
    assert len(bucket.list(f"{PHASE}/{RECORDS}")) == 4
