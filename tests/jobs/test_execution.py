"""A job's execution: the manifest is written last, and nothing complete is ever touched."""

import fcntl

import msgspec
import pytest

from dmpworks.errors import JobError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, STARTED, Manifest, read_manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from tests.jobs.sample import CHAIN

FETCH, COUNT = "letters/2026-10-01/fetch", "letters/2026-10-01/count"


def environ(bucket, **more):
    return {"BUCKET_NAME": bucket.name, "LETTERS_RUN_ID": "2026-10-01", "LETTERS_SOURCE": "abc"} | more


def run(bucket, job="fetch", **more) -> Manifest:
    return execute([CHAIN], CHAIN, CHAIN.job(job), environ(bucket, **more))


def test_a_manifest_lists_files_counts_settings_and_inputs(bucket):
    run(bucket)
    manifest = run(bucket, "count", LETTERS_COUNT_LIMIT="2")
    assert manifest.counts == Counts(read=3, written=3, also={"limit": 2})
    assert manifest.inputs == {FETCH: read_manifest(bucket, FETCH)[1]}
    first = msgspec.json.decode(bucket.get(f"{FETCH}/{MANIFEST}"), type=Manifest)
    assert [(file.size, file.rows) for file in first.files] == [(3, 3)]
    assert first.files[0].key == f"{FETCH}/text-{first.attempt}.txt"
    assert first.settings != manifest.settings


def test_a_job_run_again_replaces_its_files_and_leaves_no_old_ones(bucket):
    first = run(bucket)
    second = run(bucket, LETTERS_SOURCE="wxyz")
    assert first.attempt != second.attempt
    assert [item.key for item in bucket.list(FETCH)] == sorted([f"{FETCH}/{MANIFEST}", second.files[0].key])


def test_a_job_that_fails_leaves_the_complete_phase_untouched(bucket):
    run(bucket)
    before = run(bucket, "count")
    run(bucket, LETTERS_SOURCE="oh!")
    with pytest.raises(ValueError, match="a bug"):
        run(bucket, "count")
    assert read_manifest(bucket, COUNT)[0] == before


def test_what_a_killed_job_left_is_no_upload(bucket, make_run):
    bucket.put(f"{FETCH}/{STARTED}", b"{}")
    bucket.put(f"{FETCH}/text-0badcafe.txt", b"half")
    with pytest.raises(JobError) as caught:
        run(bucket, "count")
    assert "was never finished" in caught.value.what
    assert "--start-job fetch" in caught.value.next
    manifest = run(bucket)
    assert [item.key for item in bucket.list(FETCH)] == sorted([f"{FETCH}/{MANIFEST}", manifest.files[0].key])


def test_an_upload_without_manifest_is_accepted_and_noted(bucket, capsys):
    bucket.put(f"{FETCH}/by-hand.txt", b"abcd")
    manifest = run(bucket, "count")
    assert manifest.inputs == {FETCH: "uploaded"}
    assert "uploaded by hand" in capsys.readouterr().err


def test_files_that_another_manifest_of_the_run_lists_stay(bucket, make_run):
    first = run(bucket)
    holder = make_run(bucket, "letters", "count")
    kept = Manifest(**{name: getattr(first, name) for name in first.__struct_fields__} | {"job": "count"})
    bucket.put(f"{COUNT}/{MANIFEST}", msgspec.json.encode(kept))
    run(bucket, LETTERS_SOURCE="new")
    assert bucket.exists(first.files[0].key)
    assert holder.token != first.attempt


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("part_0000.jsonl.gz", "part_0000-{}.jsonl.gz"),
        ("v1.0-ror-data.json.zip", "v1.0-ror-data-{}.json.zip"),
        ("2026-08-15-corpus-v5.0-json.zip", "2026-08-15-corpus-v5.0-json-{}.zip"),
        ("a/b/part_0000.gz", "a/b/part_0000-{}.gz"),
        ("plain", "plain-{}"),
    ],
)
def test_the_token_stands_before_the_suffixes(bucket, make_run, name, key):
    made: Run = make_run(bucket, "letters", "fetch")
    assert made.key(name) == f"{FETCH}/{key.format(made.token)}"


def test_scratch_is_gone_afterwards(bucket):
    run(bucket)
    assert list((bucket.root / "local" / "scratch").iterdir()) == []


def test_what_a_killed_execution_left_in_scratch_goes_away(bucket):
    left = bucket.root / "local" / "scratch" / "letters-2026-10-01-fetch" / "deep" / "half"
    left.parent.mkdir(parents=True)
    left.touch()
    (bucket.root / "local" / "scratch" / "letters-2026-10-01-fetch.lock").touch()
    run(bucket)
    assert list((bucket.root / "local" / "scratch").iterdir()) == []


def test_what_a_killed_execution_was_writing_goes_away(bucket):
    folder = bucket.root / FETCH
    folder.mkdir(parents=True)
    for name in ("text-1a2b3c4d.txt#1", "text#7.txt#12"):
        (folder / name).write_bytes(b"half")
    made = run(bucket)
    assert {path.name for path in folder.iterdir()} == {MANIFEST, made.files[0].key.rpartition("/")[2]}


def test_a_job_that_another_process_runs_is_left_to_it(bucket):
    before = run(bucket)
    with (bucket.root / "local" / "scratch" / "letters-2026-10-01-fetch.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(JobError) as caught:
            run(bucket)
    assert "another process of this machine runs this job" in caught.value.what
    assert read_manifest(bucket, FETCH)[0] == before
    assert run(bucket).attempt != before.attempt


@pytest.mark.parametrize("damaged", [b"", b'{"chain": ', b"{}", b"\xff"])
def test_a_damaged_manifest_is_told_and_mended_by_running_its_job_again(bucket, damaged):
    run(bucket)
    bucket.put(f"{FETCH}/{MANIFEST}", damaged)
    with pytest.raises(JobError) as caught:
        run(bucket, "count")
    assert "a manifest is damaged" in caught.value.what
    assert f"{FETCH}/{MANIFEST}" in caught.value.on
    assert "dmpworks run letters --run-id 2026-10-01 --start-job fetch" in caught.value.next
    manifest = run(bucket)
    assert [item.key for item in bucket.list(FETCH)] == sorted([f"{FETCH}/{MANIFEST}", manifest.files[0].key])


def test_nothing_is_deleted_while_the_manifest_of_another_job_is_damaged(bucket):
    first = run(bucket)
    bucket.put(f"{COUNT}/{MANIFEST}", b"{")
    run(bucket, LETTERS_SOURCE="new")
    assert bucket.exists(first.files[0].key)


def test_a_listed_file_that_is_gone_is_named(bucket):
    file = run(bucket).files[0]
    bucket.delete([file.key])
    with pytest.raises(JobError) as caught:
        run(bucket, "count")
    assert caught.value.what == "letters 2026-10-01 count: a file that should be in the bucket is gone"
    assert file.key in caught.value.on


def test_a_machine_that_refuses_is_no_bug(bucket):
    (bucket.root / "local").write_text("a file where the folder of scratch should be")
    with pytest.raises(JobError) as caught:
        run(bucket)
    assert caught.value.what == "letters 2026-10-01 fetch: this machine refused: Not a directory"
    assert str(bucket.root / "local") in caught.value.on
