"""A download that is cut goes on where it broke off, in the same execution and in the next one."""

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.download.copy import copy_files
from dmpworks.datasets.download.transfer import SEGMENT, ExpectedFile, ResumableTransfer
from dmpworks.datasets.progress import Meter, Progress
from dmpworks.datasets.sources.http import HttpSource
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.source import Stream
from dmpworks.errors import DownloadError
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import Publisher

MakeRun = Callable[..., Run]
MIB = 1024 * 1024
BODY = random.Random(5).randbytes(3 * SEGMENT + 100)
OTHER = BODY[:-1] + bytes([BODY[-1] ^ 1])
CHAIN = "data-citation-corpus"
ARRIVING = f"{CHAIN}/2026-10-01/download/_arriving"


def sha256(body: bytes) -> Digest:
    """Return the hash of some bytes."""
    return Digest("sha256", hashlib.sha256(body).hexdigest())


def copied(run: Run, url: str, digest: Digest | None = None) -> File:
    """Copy the one file behind a URL."""
    source = open_source(url)
    items = source.items()
    copy_files(run, source, items, {items[0].name: digest} if digest else {})
    return run.outputs[0]


@pytest.mark.parametrize("tells_etag", [True, False])
def test_a_broken_connection_goes_on_where_it_broke(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher, tells_etag: bool
) -> None:
    publisher.tells_etag = tells_etag
    publisher.cuts = [20 * MIB, 10 * MIB]
    file = copied(make_run(bucket, CHAIN, "download"), publisher.publishes("/a.zip", BODY), sha256(BODY))
    assert bucket.get(file.key) == BODY
    assert publisher.asked == ["", f"bytes={20 * MIB}-", f"bytes={30 * MIB}-"]
    assert bucket.list(ARRIVING) == []


def test_many_short_answers_are_no_failure_as_long_as_they_bring_us_on(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    publisher.cuts = [3 * MIB] * 15
    file = copied(make_run(bucket, CHAIN, "download"), publisher.publishes("/a.zip", BODY))
    assert bucket.get(file.key) == BODY
    assert len(publisher.asked) == 16


def cut_off(bucket: Bucket, make_run: MakeRun, publisher: Publisher, digest: Digest | None = None) -> str:
    """Download until 40 MB have arrived and nothing more comes; return the URL."""
    url = publisher.publishes("/a.zip", BODY)
    publisher.cuts = [40 * MIB, *[0] * 10]
    run = make_run(bucket, CHAIN, "download")
    with pytest.raises(DownloadError, match="fewer bytes than it stated") as failure:
        copied(run, url, digest)
    assert f"{40 * MIB:,} of {len(BODY):,} bytes" in failure.value.on
    assert run.outputs == []
    assert [found.size for found in bucket.list(ARRIVING)] == [SEGMENT, SEGMENT]
    publisher.cuts, publisher.asked = [], []
    return url


def test_the_next_execution_goes_on_with_what_has_arrived(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    url = cut_off(bucket, make_run, publisher)
    file = copied(make_run(bucket, CHAIN, "download"), url, sha256(BODY))
    assert bucket.get(file.key) == BODY
    assert publisher.asked == ["", f"bytes={2 * SEGMENT}-"]
    assert bucket.list(ARRIVING) == []


class Coarse(HttpSource):
    """A source whose pieces are larger than others', as those of an object store may be."""

    @contextmanager
    def open(self, name: str, start: int = 0, etag: str | None = None) -> Iterator[Stream]:
        with super().open(name, start, etag) as opened:
            threes = iter(lambda: b"".join(islice(opened.pieces, 3)), b"")
            yield opened._replace(pieces=threes)


def test_what_a_killed_deletion_left_is_not_joined_to_what_comes_later(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    publisher.fixed_etag = '"1"'  # so that nothing but the segments' names tells what belongs together
    url = cut_off(bucket, make_run, publisher)
    bucket.delete([bucket.list(ARRIVING)[0].key])  # segments are deleted one by one: a kill leaves the later ones
    publisher.cuts = [20 * MIB, *[0] * 10]
    run, source = make_run(bucket, CHAIN, "download"), Coarse(url)
    with pytest.raises(DownloadError, match="fewer bytes than it stated"):
        copy_files(run, source, source.items())
    assert [found.size for found in bucket.list(ARRIVING)] == [18 * MIB]
    publisher.cuts, publisher.asked = [], []
    assert bucket.get(copied(make_run(bucket, CHAIN, "download"), url).key) == BODY
    assert publisher.asked == ["", f"bytes={18 * MIB}-"]


def damaged(bucket: Bucket, make_run: MakeRun, publisher: Publisher) -> str:
    """Download some of the file, spoil a byte of what has arrived, and return the URL."""
    url = cut_off(bucket, make_run, publisher)
    key = bucket.list(ARRIVING)[1].key
    bucket.put(key, bucket.get(key)[:-1] + b"?")
    return url


def test_without_hash_the_etag_is_compared_where_it_is_an_md5(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    url = damaged(bucket, make_run, publisher)
    assert bucket.get(copied(make_run(bucket, CHAIN, "download"), url).key) == BODY
    assert publisher.asked == ["", f"bytes={2 * SEGMENT}-", ""]  # and then all of it again


def test_an_etag_that_only_looks_like_an_md5_costs_a_second_reading(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    publisher.fixed_etag = f'"{"0" * 32}"'  # such as that of an object in S3 with a key of its owner's
    file = copied(make_run(bucket, CHAIN, "download"), publisher.publishes("/a.zip", BODY))
    assert bucket.get(file.key) == BODY
    assert publisher.asked == ["", ""]


def test_bytes_that_are_others_each_time_fail(bucket: Bucket, make_run: MakeRun, publisher: Publisher) -> None:
    url = damaged(bucket, make_run, publisher)
    publisher.fixed_etag = publisher.etag("/a.zip")
    publisher.publishes("/a.zip", OTHER)
    run = make_run(bucket, CHAIN, "download")
    with pytest.raises(DownloadError, match="a file of the source has changed") as failure:
        copied(run, url)
    assert hashlib.md5(OTHER).hexdigest() in failure.value.on
    assert run.outputs == []
    assert bucket.list(CHAIN) == []


def test_without_etag_the_known_hash_says_what_has_arrived(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    publisher.tells_etag = False
    url = cut_off(bucket, make_run, publisher, sha256(BODY))
    assert bucket.get(copied(make_run(bucket, CHAIN, "download"), url, sha256(BODY)).key) == BODY
    assert publisher.asked == ["", f"bytes={2 * SEGMENT}-"]


def test_without_etag_and_hash_the_next_execution_begins_anew(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    publisher.tells_etag = False
    url = cut_off(bucket, make_run, publisher)
    publisher.publishes("/a.zip", OTHER)
    assert bucket.get(copied(make_run(bucket, CHAIN, "download"), url).key) == OTHER
    assert publisher.asked == [""]


def test_what_arrived_of_another_content_is_not_gone_on_with(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher
) -> None:
    url = cut_off(bucket, make_run, publisher)
    publisher.publishes("/a.zip", OTHER)
    assert bucket.get(copied(make_run(bucket, CHAIN, "download"), url).key) == OTHER
    assert publisher.asked == [""]


def test_a_server_without_ranges_begins_anew(bucket: Bucket, make_run: MakeRun, publisher: Publisher) -> None:
    publisher.knows_ranges = False
    publisher.cuts = [20 * MIB]
    file = copied(make_run(bucket, CHAIN, "download"), publisher.publishes("/a.zip", BODY))
    assert bucket.get(file.key) == BODY


@pytest.mark.parametrize("tells_etag", [True, False])
def test_a_file_that_changes_midway_fails(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher, tells_etag: bool
) -> None:
    publisher.tells_etag = tells_etag
    url = publisher.publishes("/a.zip", BODY)
    changed = BODY + b"more" if not tells_etag else OTHER

    class Changing(list[int]):
        def pop(self, index: int = -1) -> int:  # type: ignore[override]
            publisher.publishes("/a.zip", changed)
            return super().pop(index)

    publisher.cuts = Changing([20 * MIB])
    run = make_run(bucket, CHAIN, "download")
    with pytest.raises(DownloadError, match="a file of the source has changed"):
        copied(run, url)
    assert run.outputs == []
    assert not [found for found in bucket.list(CHAIN) if "/_arriving/" not in found.key]


def test_a_wrong_hash_leaves_nothing_to_go_on_with(bucket: Bucket, make_run: MakeRun, publisher: Publisher) -> None:
    run = make_run(bucket, CHAIN, "download")
    with pytest.raises(DownloadError, match="sha256 of a file is not the expected one"):
        copied(run, publisher.publishes("/a.zip", BODY), sha256(OTHER))
    assert bucket.list(CHAIN) == []


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_progress_learns_the_size_and_counts_what_is_here(
    bucket: Bucket, make_run: MakeRun, publisher: Publisher, knows_ranges: bool
) -> None:
    url = cut_off(bucket, make_run, publisher)
    publisher.knows_ranges, publisher.cuts = knows_ranges, [len(BODY), 10 * MIB]  # the first only tells the ETag
    source, progress = HttpSource(url), Progress(1, 0)
    expected = ExpectedFile(source, source.items()[0], None, "a.zip")
    meter = Meter(progress, progress.add)
    ResumableTransfer(make_run(bucket, CHAIN, "download"), expected, lambda etag, size: None, meter).transfer()
    assert progress.size == progress.size_done == len(BODY)


def test_a_large_file_comes_into_s3(s3_bucket: str, make_run: MakeRun, publisher: Publisher) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    url = cut_off(bucket, make_run, publisher)
    file = copied(make_run(bucket, CHAIN, "download"), url, sha256(BODY))
    assert bucket.get(file.key) == BODY
    assert bucket.list(ARRIVING) == []
