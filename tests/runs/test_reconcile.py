"""The ledger against the bucket: lost ends, unknown attempts, orphans, damaged events; and the command itself."""

import json
from datetime import timedelta

import boto3
import msgspec
import pytest

from dmpworks.cli import build_app
from dmpworks.commands.runs.reconcile import reconcile
from dmpworks.jobs.manifest import STARTED, File, Manifest, phase_folder, write_manifest
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import open_bucket
from tests.runs.sample import BEGAN, SMALL, Story, good_run

RUN = RunName("ror", "2026-10-01")
JOBS = {"download": SMALL, "transform": SMALL}


@pytest.fixture
def reconciled(bucket, capsys):
    """Run the command and return its exit code and its findings."""

    def command(run=None, **options):
        code = 0
        try:
            reconcile(run, bucket_name=bucket.name, as_json=True, **options)
        except SystemExit as error:
            code = error.code
        return code, json.loads(capsys.readouterr().out)

    return command


def kinds(findings):
    return [each["kind"] for each in findings]


def story(bucket) -> Story:
    return Story(bucket, RUN, where="local").plan(JOBS)


def output(bucket, job: str, attempt: str, *names: str) -> Manifest:
    """Write the output of a job and its manifest."""
    folder = phase_folder(*RUN, job)
    files = []
    for name in names:
        bucket.put(f"{folder}/{name}", b"123")
        files.append(File(f"{folder}/{name}", 3))
    manifest = Manifest(
        chain=RUN.chain,
        job=job,
        run_id=RUN.run_id,
        attempt=attempt,
        version="1",
        started=BEGAN,
        ended=BEGAN + timedelta(minutes=7),
        settings="0",
        inputs={},
        counts=Counts(read=3, written=3),
        files=tuple(files),
    )
    write_manifest(bucket, manifest)
    return manifest


def test_all_is_well(bucket, reconciled):
    good_run(bucket, "2026-10-01")
    assert reconciled() == (0, [])


def test_an_attempt_that_could_not_write_its_end(bucket, reconciled):
    told = story(bucket).wait(1).start("download")
    output(bucket, "download", "do10", "a")
    code, findings = reconciled(str(RUN))
    assert (code, kinds(findings)) == (1, ["lost end", "broken off"])
    code, findings = reconciled(str(RUN), repair=True)
    assert (code, [each.get("mended", False) for each in findings]) == (0, [True, False])
    job = told.state.jobs["download"]
    assert (job.status, job.last.ended.counts.written, job.last.ended_at) == (
        "succeeded",
        3,
        BEGAN + timedelta(minutes=7),
    )
    assert reconciled(str(RUN))[0] == 0


def test_an_attempt_that_the_ledger_does_not_know(bucket, reconciled):
    output(bucket, "download", "abcd1234", "a")
    code, findings = reconciled()
    assert (code, kinds(findings)) == (1, ["lost attempt"])
    assert reconciled(repair=True)[0] == 0
    state = Ledger(bucket, RUN).state()
    assert (state.status, state.jobs["download"].last.token) == ("succeeded", "abcd1234")


def test_a_local_run_whose_process_is_gone(bucket, reconciled):
    told = story(bucket).wait(1).start("download")
    with hold(bucket, "ror", "dmpworks run"):  # as long as it lives, all is well
        assert reconciled() == (0, [])
    assert kinds(reconciled()[1]) == ["lost end", "broken off"]
    assert reconciled(repair=True)[0] == 0
    assert {job.name: job.status for job in told.state.current} == {"download": "failed", "transform": "planned"}


def test_files_that_no_manifest_lists(bucket, reconciled):
    story(bucket).start("download").end("download", 1).start("transform").end("transform", 1)
    output(bucket, "download", "do10", "a")
    output(bucket, "transform", "tr10", "b")
    bucket.put("ror/2026-10-01/download/part-dead.json", b"12345")
    bucket.put("ror/2026-10-01/uploaded/by-hand.json", b"12345")
    code, (orphan,) = reconciled()
    assert (code, orphan["kind"]) == (0, "orphan files")
    assert orphan["what"] == "1 file (5 bytes) that no manifest lists, such as ror/2026-10-01/download/part-dead.json"
    reconciled(repair=True)
    assert bucket.exists("ror/2026-10-01/download/part-dead.json")  # files are nobody's but their job's to remove


def test_what_a_killed_job_left_is_an_orphan(bucket, reconciled):
    story(bucket).start("download").end("download", 1, "failed").see("transform", "skipped")
    bucket.put(f"ror/2026-10-01/download/{STARTED}", b"{}")
    bucket.put("ror/2026-10-01/download/part-dead.json", b"12345")
    assert kinds(reconciled()[1]) == ["orphan files"]


def test_a_listed_file_that_is_gone(bucket, reconciled):
    story(bucket).start("download").end("download", 1).start("transform").end("transform", 1)
    output(bucket, "download", "do10", "a", "b")
    output(bucket, "transform", "tr10")
    bucket.delete(["ror/2026-10-01/download/b"])
    code, (missing,) = reconciled()
    assert (code, missing["kind"]) == (1, "missing output")
    assert missing["what"] == "download has lost output: ror/2026-10-01/download/b is gone"
    assert missing["next"] == "dmpworks runs resume ror/2026-10-01 --start-job download"


def test_a_manifest_that_is_gone_or_damaged(bucket, reconciled):
    story(bucket).start("download").end("download", 1).start("transform").end("transform", 1)
    output(bucket, "download", "do10", "a")
    assert [each["what"] for each in reconciled()[1]] == ["transform succeeded, and its manifest is gone"]
    bucket.put("ror/2026-10-01/transform/_manifest.json", b"{")
    assert "the manifest of transform is damaged" in reconciled()[1][0]["what"]


def test_output_that_was_removed_on_purpose_is_no_finding(bucket, reconciled):
    story(bucket).start("download").end("download", 1).start("transform").end("transform", 1)
    assert reconciled() == (0, [])


@pytest.mark.parametrize("damage", [b"{", b'{"event":"ended"}', b"\xff\xfe"])
def test_an_event_that_cannot_be_read(bucket, reconciled, damage):
    told = story(bucket).start("download").end("download", 1).start("transform").end("transform", 1)
    key = told.ledger.key(4)  # download's end
    bucket.put(key, damage)
    code, (finding,) = reconciled()
    assert (code, finding["kind"], finding["set_aside"]) == (1, "damaged event", key)
    code, findings = reconciled(repair=True)
    assert kinds(findings)[0] == "damaged event"
    assert not bucket.exists(key)
    (aside,) = bucket.list(f"{told.ledger.folder}/set-aside")
    assert bucket.get(aside.key) == damage
    assert Ledger(bucket, RUN).state().jobs["transform"].status == "succeeded"


def test_events_that_contradict_each_other(bucket, reconciled):
    told = story(bucket).start("download")
    bucket.put(told.ledger.key(4), bucket.get(told.ledger.key(1)))  # a first submission once more
    assert kinds(reconciled()[1]) == ["damaged event"]
    code, findings = reconciled(repair=True)
    assert (code, kinds(findings)[0]) == (0, "damaged event")
    assert Ledger(bucket, RUN).state().jobs["download"].status == "failed"


def test_an_event_of_a_newer_version_is_left_alone(bucket, reconciled):
    told = story(bucket)
    bucket.put(told.ledger.key(2), b'{"event":"paused","at":"2026-10-01T02:00:00Z","by":"ada"}')
    code, (finding,) = reconciled(repair=True)
    assert (code, finding["next"]) == (1, "a newer dmpworks wrote it: update")
    assert bucket.exists(told.ledger.key(2))


def test_nothing_is_mended_while_somebody_is_at_work(bucket, reconciled):
    story(bucket).wait(1).start("download")
    output(bucket, "download", "do10", "a")
    with hold(bucket, "ror", "batch-submit ror"):
        code, (finding,) = reconciled(repair=True)
    assert (code, finding["kind"], "mended" in finding) == (1, "lost end", False)
    assert "is running on ror: batch-submit ror" in finding["next"]


def test_what_it_says(bucket, capsys):
    output(bucket, "download", "abcd1234", "a")
    with pytest.raises(SystemExit):
        reconcile(bucket_name=bucket.name)
    assert capsys.readouterr().out.splitlines() == [
        "ror/2026-10-01: lost attempt: download was completed by attempt abcd1234, which is not in the ledger",
        "1 run examined; AWS Batch was not asked: 1 finding",
        "  next: repair 1 of them: dmpworks runs reconcile --repair",
    ]


def test_on_s3_and_aws_batch(batch_account, s3_bucket, capsys):
    options = ["--bucket-name", s3_bucket, "--run-id", "2026-10-01", "--download-url", "https://example.org/ror.zip"]
    build_app()(["batch-submit", "ror", *options, "--json"], result_action="return_value")
    ids = msgspec.json.decode(capsys.readouterr().out)["jobs"]
    bucket = open_bucket(s3_bucket)
    keys = [item.key for item in bucket.list("runs/ror/2026-10-01")]
    bucket.delete(keys[1:])  # the submitter was killed right after its first call, so to speak
    with pytest.raises(SystemExit):
        reconcile(bucket_name=s3_bucket)
    assert capsys.readouterr().out.count("which was never recorded") == 2
    reconcile(bucket_name=s3_bucket, repair=True)
    state = Ledger(bucket, RUN).state()
    assert {job.name: job.id for job in state.current} == ids
    assert {job.status for job in state.current} == {"succeeded"}  # as moto says it at once
    assert len(boto3.client("batch").list_jobs(jobQueue="dmpworks-dev", jobStatus="SUCCEEDED")["jobSummaryList"]) == 2
