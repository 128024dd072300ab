"""The public data file is read inside its tar, and never silently short."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.crossref_metadata.jobs import Scope, Source, Transform, download, transform
from dmpworks.chains.crossref_metadata.source import newest
from dmpworks.datasets.reading.archives import PADDING
from dmpworks.datasets.sources.source import Item
from dmpworks.errors import DownloadError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import rows

MakeRun = Callable[..., Run]
CHAIN = "crossref-metadata"
TAR = f"{CHAIN}/2026-10-01/download/March_2026_Public_Data_File_from_Crossref.tar"


def transformed(bucket: Bucket, make_run: MakeRun, workers: int = 1, use_subset: bool = False) -> tuple[Run, Counts]:
    """Run the transform and return its run and counts."""
    run = make_run(bucket, CHAIN, "transform")
    return run, transform(run, Transform(workers), Scope(use_subset), BadRecords())


@pytest.fixture
def expected(data: Path) -> dict[str, int]:
    """The counts that must come out of the planted world."""
    found: dict[str, int] = json.loads((data / "planted/expected.json").read_text())["crossref"]
    return found


def test_the_planted_data_file(planted: Bucket, make_run: MakeRun, expected: dict[str, int]) -> None:
    run, counts = transformed(planted, make_run)
    found = rows(run)
    assert counts == Counts(read=expected["lines"], written=expected["lines"])
    assert len({row["doi"] for row in found}) == expected["distinct DOIs"]
    # Five of the abstract elements say nothing (PLANT.md).
    assert sum(row["abstract_text"] is not None for row in found) == expected["lines with an abstract element"] - 5
    assert sum(row["title"] is None for row in found) == 8
    assert all("<" not in (row["title"] or "") for row in found)
    assert len(run.outputs) == 4  # one a member
    assert all(
        "," not in award["award_id"] and ";" not in award["award_id"] for row in found for award in row["awards"]
    )
    assert sum(len(row["relations"]) for row in found) == 7


def test_two_workers_give_the_same_rows(planted: Bucket, make_run: MakeRun) -> None:
    alone, _ = transformed(planted, make_run, workers=1)
    expected = rows(alone)
    together, counts = transformed(planted, make_run, workers=2)
    assert rows(together) == expected
    assert counts.read == 1004


def test_a_subset(planted: Bucket, make_run: MakeRun) -> None:
    run, counts = transformed(planted, make_run, use_subset=True)
    found = rows(run)
    assert counts.read == 1004
    assert counts.dropped == {"not in subset": 1004 - len(found)}
    listed = set(json.loads(planted.get("meta/work_dois.json")))
    everything, _ = transformed(planted, make_run)
    assert listed & {row["doi"] for row in rows(everything)} <= {row["doi"] for row in found}
    assert 0 < len(found) < 1004


def test_a_download_takes_the_newest_tar() -> None:
    names = ["April_2023_x.tar", "April_2025_x.tar", "March_2025_x.tar", "testfile", "May_2024_x.tar", "0.jsonl.gz"]
    assert newest([Item(name) for name in names]) == [Item("April_2025_x.tar")]
    assert newest([Item("a/0.jsonl.gz"), Item("readme")]) == [Item("a/0.jsonl.gz")]


def test_a_downloaded_tar_can_be_transformed(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    run = make_run(bucket, CHAIN, "download")
    counts = download(run, Source(f"file:{data / 'planted' / TAR}"))
    assert counts.written == 1
    assert run.outputs[0].key.endswith(f"March_2026_Public_Data_File_from_Crossref-{run.token}.tar")
    assert transformed(bucket, make_run)[1].read == 1004


def test_an_empty_source_is_refused(bucket: Bucket, tmp_path: Path, make_run: MakeRun) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/readme").write_text("hello")
    with pytest.raises(DownloadError, match="no file of this dataset"):
        download(make_run(bucket, CHAIN, "download"), Source(str(tmp_path / "source")))


@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (lambda size, members: members[-1].offset_data + 1000, "unexpected end of data"),
        (lambda size, members: members[2].offset, "the archive's end is missing after 2 files"),
        (lambda size, members: members[2].offset + 100, "the archive's end is missing after 2 files"),
        (lambda size, members: 0, "empty"),
    ],
    ids=["inside a member", "between two members", "inside a header", "everything"],
)
def test_a_tar_cut_short_fails(
    planted: Bucket, make_run: MakeRun, left: Callable[[int, list[tarfile.TarInfo]], int], reason: str
) -> None:
    assert planted.root
    path = planted.root / TAR
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    path.write_bytes(path.read_bytes()[: left(path.stat().st_size, members)])
    with pytest.raises(TransformError, match="an archive cannot be read") as failure:
        transformed(planted, make_run)
    assert reason in failure.value.on
    assert path.name in failure.value.on
    assert "download" in failure.value.next


def zeroed(content: bytes, start: int, size: int) -> bytes:
    return content[:start] + bytes(size) + content[start + size :]


@pytest.mark.parametrize(
    ("damage", "files"),
    [
        (lambda tar, headers: zeroed(tar, headers[2], tarfile.BLOCKSIZE), 2),
        (lambda tar, headers: zeroed(tar, headers[2], 16 * tarfile.BLOCKSIZE), 2),
        (lambda tar, headers: zeroed(tar, headers[3], len(tar) - headers[3]) + bytes(PADDING), 3),
        (lambda tar, headers: tar + tar, 4),
        (lambda tar, headers: tar + b"x", 4),
    ],
    ids=["a header zeroed", "a hole", "zeros to the end", "two archives", "a byte behind the end"],
)
def test_a_tar_that_goes_on_behind_its_end_fails(
    planted: Bucket, make_run: MakeRun, damage: Callable[[bytes, list[int]], bytes], files: int
) -> None:
    assert planted.root
    path = planted.root / TAR
    with tarfile.open(path) as archive:
        headers = [member.offset for member in archive.getmembers()]
    path.write_bytes(damage(path.read_bytes(), headers))
    with pytest.raises(TransformError, match="an archive cannot be read") as failure:
        transformed(planted, make_run)
    assert f"its end marker is after {files} files, but other data follows" in failure.value.on
    assert path.name in failure.value.on


@pytest.mark.parametrize("padding", [0, 10_240, 512 * 1024])
def test_a_tar_may_be_filled_up_with_zeros(planted: Bucket, make_run: MakeRun, padding: int) -> None:
    assert planted.root
    with (planted.root / TAR).open("ab") as tar:
        tar.write(bytes(padding))
    assert transformed(planted, make_run)[1].read == 1004


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.GNUTYPE_SPARSE])
def test_a_member_that_is_no_file_of_its_own_fails(bucket: Bucket, make_run: MakeRun, kind: bytes) -> None:
    put_tar(bucket, {"x/0.jsonl.gz": gzip.compress(LINES)})
    assert bucket.root
    with tarfile.open(bucket.root / TAR, "a") as archive:
        entry = tarfile.TarInfo("x/1.jsonl.gz")
        entry.type, entry.linkname = kind, "x/0.jsonl.gz"
        archive.addfile(entry)
    with pytest.raises(TransformError, match="an archive cannot be read") as failure:
        transformed(bucket, make_run)
    assert "not regular files: x/1.jsonl.gz" in failure.value.on


def test_a_link_that_would_hold_no_records_is_passed_over(bucket: Bucket, make_run: MakeRun) -> None:
    put_tar(bucket, {"x/0.jsonl.gz": gzip.compress(LINES)})
    assert bucket.root
    with tarfile.open(bucket.root / TAR, "a") as archive:
        entry = tarfile.TarInfo("x/newest")
        entry.type, entry.linkname = tarfile.SYMTYPE, "0.jsonl.gz"
        archive.addfile(entry)
    assert transformed(bucket, make_run)[1].read == 500


def test_a_member_without_a_byte_fails(bucket: Bucket, make_run: MakeRun) -> None:
    put_tar(bucket, {"x/0.jsonl.gz": gzip.compress(LINES), "x/1.jsonl.gz": b"", "readme": b""})
    with pytest.raises(TransformError, match="1 of 2 files") as failure:
        transformed(bucket, make_run)
    assert "x/1.jsonl.gz: it is empty" in failure.value.on


def put_tar(bucket: Bucket, members: dict[str, bytes], format: int = tarfile.PAX_FORMAT) -> None:
    """Upload a tar by hand."""
    assert bucket.root
    (bucket.root / TAR).parent.mkdir(parents=True)
    with tarfile.open(bucket.root / TAR, "w", format=format) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


LINES = b"".join(b'{"DOI": "10.1/%d"}\n' % number for number in range(500))


def test_a_broken_member_fails_after_the_others_are_read(bucket: Bucket, make_run: MakeRun) -> None:
    whole = gzip.compress(LINES)
    flipped = bytearray(whole)
    flipped[-6] ^= 0xFF  # the CRC
    put_tar(bucket, {"x/0.jsonl.gz": whole[:-300], "x/1.jsonl.gz": whole, "x/2.jsonl.gz": bytes(flipped)})
    run = make_run(bucket, CHAIN, "transform")
    with pytest.raises(TransformError, match="2 of 3 files") as failure:
        transform(run, Transform(1), Scope(), BadRecords())
    assert "x/0.jsonl.gz" in failure.value.on
    assert "x/2.jsonl.gz" in failure.value.on
    assert "x/1.jsonl.gz" not in failure.value.on
    assert run.outputs == []


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "GNU"])
def test_long_names(bucket: Bucket, make_run: MakeRun, format: int) -> None:
    folder = "Public Data File " * 10
    put_tar(bucket, {f"{folder}/0.jsonl.gz": gzip.compress(LINES), f"{folder}/readme": b"hello"}, format)
    run, counts = transformed(bucket, make_run)
    assert counts == Counts(read=500, written=500)
    assert rows(run)[499]["doi"] == "10.1/499"
