import gzip
import json
from base64 import b64decode
from collections.abc import Callable

import msgspec
import pyarrow.parquet as pq
import pytest
from isal import igzip

from dmpworks.datasets.transform.dataset import Part
from dmpworks.datasets.transform.quarantine import QuarantinedRecord, too_many
from dmpworks.datasets.transform.run_parts import transform_parts
from dmpworks.errors import JobError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import MEMORY, Bucket, open_bucket
from tests.datasets.sample import DATASET, broken_gzips, lines

MakeRun = Callable[..., Run]


def put(bucket: Bucket, **files: bytes) -> list[Part]:
    """Put files into the bucket and return them as the parts of a transform."""
    parts = []
    for name, content in files.items():
        key = f"things/2026-10-01/download/{name}.gz"
        bucket.put(key, content)
        parts.append(Part(File(key, len(content))))
    return parts


def run_it(run: Run, parts: list[Part], workers: int = 1, use_subset: bool = False, bad: float = 0.0) -> Counts:
    return transform_parts(run, DATASET, parts, workers=workers, use_subset=use_subset, max_bad_records=bad)


def dois(run: Run) -> list[str]:
    assert run.bucket.root
    paths = [run.bucket.root / file.key for file in run.outputs if file.key.endswith(".parquet")]
    return [doi for path in paths for doi in pq.read_table(path).column("doi").to_pylist()]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_part_is_written_and_counted(bucket: Bucket, make_run: MakeRun, workers: int) -> None:
    run = make_run(bucket, "things", "transform")
    parts = put(
        bucket, a=gzip.compress(lines(3)), b=gzip.compress(lines(5000, 3) + b'{"title":"x"}\n'), c=gzip.compress(b"")
    )
    counts = run_it(run, parts, workers)
    assert counts == Counts(read=5004, written=5003, dropped={"no DOI": 1}, also={"things": 5003})
    assert counts.accounted
    folder = "things/2026-10-01/transform"
    assert [(file.key, file.rows) for file in run.outputs] == [
        (f"{folder}/part_00000-{run.token}.parquet", 3),
        (f"{folder}/part_00001-{run.token}.parquet", 5000),
        (f"{folder}/part_00002-{run.token}.parquet", 0),
    ]
    assert dois(run) == [f"10.1/{i}" for i in range(5003)]
    assert [bucket.size(file.key) for file in run.outputs] == [file.size for file in run.outputs]


def test_bad_records_are_set_aside_with_file_line_and_reason(bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "things", "transform")
    parts = put(bucket, a=gzip.compress(lines(2) + b'{"doi":\n' + b'{"doi":"\xff"}\n' + lines(1, 2)))
    counts = run_it(run, parts, bad=0.5)
    assert (counts.read, counts.written, counts.quarantined) == (5, 3, 2)
    (aside,) = [file for file in run.outputs if "/quarantine/" in file.key]
    assert aside.key == f"things/2026-10-01/quarantine/part_00000-{run.token}.jsonl.gz"
    assert aside.rows == 2
    records = [
        msgspec.json.decode(line, type=QuarantinedRecord)
        for line in igzip.decompress(bucket.get(aside.key)).splitlines()
    ]
    assert [(record.file, record.line, record.raw, record.raw_base64) for record in records] == [
        (parts[0].file.key, 3, '{"doi":', None),
        (parts[0].file.key, 4, None, b'{"doi":"\xff"}'),
    ]
    assert all(record.reason for record in records)


def test_bad_records_are_set_aside_with_their_very_bytes(bucket: Bucket, make_run: MakeRun) -> None:
    run, bad = make_run(bucket, "things", "transform"), [b'{"x":"\\xff', b'{"x":"\xff', b'{"x":"\xc3\xbc']
    run_it(run, put(bucket, a=gzip.compress(lines(1) + b"\n".join(bad))), bad=1.0)
    (aside,) = [file for file in run.outputs if "/quarantine/" in file.key]
    found = [json.loads(line) for line in igzip.decompress(bucket.get(aside.key)).splitlines()]
    assert [set(one) & {"raw", "raw_base64"} for one in found] == [{"raw"}, {"raw_base64"}, {"raw"}]
    assert [one["raw"].encode() if "raw" in one else b64decode(one["raw_base64"]) for one in found] == bad


def test_too_many_bad_records_fail_the_job_and_are_shown(bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "things", "transform")
    parts = put(bucket, a=gzip.compress(lines(998) + b"{\n[]\n"))
    with pytest.raises(TransformError) as caught:
        run_it(run, parts, bad=0.001)
    assert caught.value.what == "2 of 1,000 records could not be read, more than MAX_BAD_RECORDS=0.001 allows"
    assert f"{parts[0].file.key} line 999: " in caught.value.on
    assert f"{parts[0].file.key} line 1000: " in caught.value.on
    assert "quarantine" in caught.value.next
    assert "--max-bad-records" in caught.value.next
    assert run.outputs == []


def test_as_many_bad_records_as_allowed_pass(bucket: Bucket, make_run: MakeRun) -> None:
    counts = run_it(
        make_run(bucket, "things", "transform"), put(bucket, a=gzip.compress(lines(999) + b"{\n")), bad=0.001
    )
    assert (counts.read, counts.quarantined) == (1000, 1)


@pytest.mark.parametrize(
    ("bad", "read", "allowed"), [(3, 10_000, 0.0003), (29, 100, 0.29), (57, 1000, 0.057), (1, 1, 1.0), (0, 10, 0.0)]
)
def test_exactly_the_share_is_allowed(bad: int, read: int, allowed: float) -> None:
    assert not too_many(bad, read, allowed)
    assert too_many(bad + 1, read, allowed)


def test_the_first_bad_records_are_named_by_file_and_line(bucket: Bucket, make_run: MakeRun) -> None:
    parts = put(
        bucket, b=gzip.compress(lines(9997) + b"{\n" * 4), a=gzip.compress(lines(8) + b"{\n{\n"), c=gzip.compress(b"{")
    )
    with pytest.raises(TransformError) as caught:
        run_it(make_run(bucket, "things", "transform"), parts)
    named = [line.split(":")[0].rpartition("/")[2] for line in caught.value.on.split("; ")]
    assert named == [
        "a.gz line 9",
        "a.gz line 10",
        "b.gz line 9998",
        "b.gz line 9999",
        "b.gz line 10000",
        "and 2 more",
    ]


def test_nothing_kept_fails_and_tells_why(bucket: Bucket, make_run: MakeRun) -> None:
    parts = put(bucket, a=gzip.compress(b'{"DOI":"10.1/a"}\n' * 999), b=gzip.compress(b"{\n"))
    run = make_run(bucket, "things", "transform")
    with pytest.raises(TransformError) as caught:
        run_it(run, parts, bad=0.01)
    assert caught.value.what == "none of 1,000 records was kept"
    assert caught.value.on == "things 2026-10-01: 999 no DOI, 1 malformed JSON"
    assert "if their layout has changed" in caught.value.next
    assert run.outputs == []


def test_a_subset_may_hold_nothing_of_a_dataset(bucket: Bucket, make_run: MakeRun) -> None:
    bucket.put("meta/work_dois.json", b'["10.9/other"]')
    bucket.put("meta/institutions.json", b"[]")
    counts = run_it(make_run(bucket, "things", "transform"), put(bucket, a=gzip.compress(lines(3))), use_subset=True)
    assert (counts.read, counts.written, counts.dropped) == (3, 0, {"not in subset": 3})


@pytest.mark.parametrize("workers", [1, 2])
def test_every_damaged_file_is_named_after_the_others_were_read(
    bucket: Bucket, make_run: MakeRun, workers: int
) -> None:
    broken = broken_gzips(lines(5000))
    parts = put(bucket, good=gzip.compress(lines(3)), crc=broken["wrong CRC"], short=broken["truncated"])
    run = make_run(bucket, "things", "transform")
    with pytest.raises(TransformError) as caught:
        run_it(run, parts, workers)
    assert caught.value.what == "2 of 3 files could not be transformed"
    assert parts[1].file.key in caught.value.on
    assert parts[2].file.key in caught.value.on
    assert "good.gz" not in caught.value.on
    assert "dmpworks run things --run-id 2026-10-01 --start-job download" in caught.value.next
    assert run.outputs == []
    record, *written = [stored.key for stored in bucket.list("things/2026-10-01/transform")]
    assert record.startswith("things/2026-10-01/transform/_parts/part_00000-")
    assert written == [f"things/2026-10-01/transform/part_00000-{run.token}.parquet"]


def test_a_stated_number_of_records_is_checked(bucket: Bucket, make_run: MakeRun) -> None:
    (part,) = put(bucket, a=gzip.compress(lines(3)))
    assert run_it(make_run(bucket, "things", "transform"), [Part(part.file, 3)]).read == 3
    with pytest.raises(TransformError, match="3 instead of 4"):
        run_it(make_run(bucket, "things", "transform"), [Part(part.file, 4)])


def test_nothing_to_transform_is_an_error(bucket: Bucket, make_run: MakeRun) -> None:
    with pytest.raises(JobError, match="no file of this dataset"):
        run_it(make_run(bucket, "things", "transform"), [])


def test_scratch_is_empty_afterwards(bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "things", "transform")
    run_it(run, put(bucket, a=gzip.compress(lines(3))))
    assert list(run.scratch.iterdir()) == []


def test_a_bucket_that_is_no_folder_is_read_through_scratch(make_run: MakeRun) -> None:
    bucket = open_bucket(MEMORY)
    run = make_run(bucket, "things", "transform")
    counts = run_it(run, put(bucket, a=gzip.compress(lines(3)), b=gzip.compress(lines(2, 3))))
    assert (counts.read, counts.written) == (5, 5)
    assert [bucket.size(file.key) for file in run.outputs] == [file.size for file in run.outputs]
    assert list(run.scratch.iterdir()) == []
