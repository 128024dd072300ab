"""Damaged input: three lines, a non-zero exit, and what was complete before is untouched."""

import gzip

import pytest

from dmpworks.jobs.manifest import MANIFEST
from tests.end_to_end.world import RUN_ID, dmpworks, manifest, settings

PART = f"openalex-works/{RUN_ID}/download/data/jsonl/works/updated_date=2026-02-27/part_0001.gz"
PHASE = f"openalex-works/{RUN_ID}/transform"


def transform(bucket, cwd, **more):
    return dmpworks("aws-batch", "openalex-works", "transform", environ=settings(bucket.name, **more), cwd=cwd)


def phase(bucket) -> dict[str, bytes]:
    """Return what a complete phase holds: its manifest, and the files that this lists."""
    keys = [f"{PHASE}/{MANIFEST}", *(file.key for file in manifest(bucket, "openalex-works", "transform").files)]
    return {key: bucket.get(key) for key in keys}


@pytest.fixture
def complete(planted, tmp_path):
    """The planted world with a complete transform."""
    assert transform(planted, tmp_path).returncode == 0
    return planted


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    return data[:5000] + bytes([data[5000] ^ 0xFF]) + data[5001:]


def no_gzip(data: bytes) -> bytes:
    return b"<Error><Code>AccessDenied</Code></Error>"


@pytest.mark.parametrize("damage", [truncated, flipped, no_gzip])
def test_an_unreadable_gzip(complete, tmp_path, damage):
    before = phase(complete)
    complete.put(PART, damage(complete.get(PART)))
    answer = transform(complete, tmp_path)
    what, on, next_step = answer.stderr.rstrip("\n").split("\n")[-3:]
    assert answer.returncode == 1
    assert what == f"failed: openalex-works {RUN_ID} transform: 1 of 12 files could not be transformed"
    assert PART in on
    assert next_step.startswith(
        f"  next: remove the damaged file from {complete.name}, then dmpworks run openalex-works"
    )
    assert phase(complete) == before


def with_bad_lines(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines()
    return gzip.compress(b"\n".join([*lines[:-9], *[b'{"id": 1, "doi": '] * 9]) + b"\n")


def test_more_bad_records_than_allowed(complete, tmp_path):
    before = phase(complete)
    complete.put(PART, with_bad_lines(complete.get(PART)))
    answer = transform(complete, tmp_path)
    what, on, next_step = answer.stderr.rstrip("\n").split("\n")[-3:]
    assert answer.returncode == 1
    assert "9 of 2,379 records could not be read, more than MAX_BAD_RECORDS=0.001 allows" in what
    assert f"{PART} line" in on
    assert "--max-bad-records" in next_step
    assert phase(complete) == before


def test_as_many_as_are_allowed_are_counted_and_set_aside(complete, tmp_path):
    complete.put(PART, with_bad_lines(complete.get(PART)))
    answer = transform(complete, tmp_path, MAX_BAD_RECORDS="0.01")
    assert answer.returncode == 0, answer.stderr
    done = manifest(complete, "openalex-works", "transform")
    assert done.counts.quarantined == 9
    assert done.counts.accounted
    (aside,) = [file for file in done.files if "/quarantine/" in file.key]
    assert len(gzip.decompress(complete.get(aside.key)).splitlines()) == aside.rows == 9


def test_a_job_whose_input_is_missing(planted, tmp_path):
    answer = dmpworks("aws-batch", "process-works", "sqlmesh-transform", environ=settings(planted.name), cwd=tmp_path)
    what, on, next_step = answer.stderr.rstrip("\n").split("\n")[-3:]
    assert answer.returncode == 1
    assert "the job transform of ror 2026-10-01 has not run" in what
    assert "ror/2026-10-01/transform/_manifest.json does not exist" in on
    assert next_step.startswith("  next: dmpworks run ror --run-id 2026-10-01 --start-job transform")
