"""`dmpworks batch-submit CHAIN` against a simulated account: plan, preflight, lock, submit, record."""

import json

import boto3
import pytest

from dmpworks.cli import main
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import open_bucket

RUN = RunName("ror", "2026-10-01")
OPTIONS = ["--run-id", "2026-10-01", "--download-url", "https://example.org/ror.zip", "--hash", "md5:abc"]


@pytest.fixture
def ror(batch_account, s3_bucket):
    """Options of a submission of ror to the simulated account."""
    return ["batch-submit", "ror", "--bucket-name", s3_bucket, *OPTIONS]


@pytest.fixture
def place(ror, s3_bucket):
    return open_bucket(s3_bucket, "us-east-1")


def submitted():
    client = boto3.client("batch")
    found = [job for queue in ("dmpworks-dev", "dmpworks-dev-large") for job in listed(client, queue)]
    return sorted(found, key=lambda job: job["createdAt"])


def listed(client, queue):
    ids = [each["jobId"] for each in client.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED")["jobSummaryList"]]
    return client.describe_jobs(jobs=ids)["jobs"] if ids else []


def refused(arguments, capsys):
    """Run a command that fails; return its exit code and its three lines."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    lines = capsys.readouterr().err.splitlines()[-3:]
    assert [line.split(":")[0].strip() for line in lines] == ["failed", "on", "next"]
    return caught.value.code, *(line.split(":", 1)[1].strip() for line in lines)


def test_a_submission_is_recorded(ror, place, capsys):
    main([*ror, "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["jobs"]) == ["download", "transform"]
    state = Ledger(place, RUN).state()
    assert [job.id for job in state.current] == list(answer["jobs"].values())
    assert state.newest.definition == "dmpworks-dev:2"
    assert state.newest.settings["ROR_HASH"] == "md5:abc"
    assert [job["jobName"].rpartition("-")[2] for job in submitted()] == ["download", "transform"]


def test_a_dry_run_shows_a_line_a_job_and_writes_nothing(ror, place, capsys):
    main([*ror, "--dry-run", "--start-job", "transform", "--transform.memory", "8192"])
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "ror 2026-10-01 on dev: would be submitted",
        "queue: dmpworks-dev",
        "definition: dmpworks-dev:2",
        "",
        "job vCPU memory time-out attempts cost",
        "transform 2 8 GiB 1 d 3 at most $2.37",
        "",
        "left out: download: before the start job transform",
        "cost, an estimate: at most $2.37 if each job ran once until its time-out, for no",
        "earlier run shows its time",
        "not checked: queues, bucket, inputs. next: dmpworks doctor ror",
    ]
    assert place.list("") == []
    assert submitted() == []


def test_what_the_start_job_reads_must_be_there(ror, place, capsys):
    code, what, on, next = refused([*ror, "--start-job", "transform"], capsys)
    assert code == 2
    assert what == "a check failed: input ror/2026-10-01/download"
    assert "it has not run" in on
    again = "dmpworks batch-submit ror --run-id 2026-10-01 --start-job download"
    assert next == f"{again} (with --bucket-name={place.name})"
    assert submitted() == []
    assert Ledger(place, RUN).events() == []


def test_auto_starts_at_the_first_job_without_output(ror, place, capsys):
    place.put("ror/2026-10-01/download/v1.zip", b"uploaded by hand")
    main([*ror, "--start-job", "auto", "--json"])
    out, err = capsys.readouterr()
    assert list(json.loads(out)["jobs"]) == ["transform"]
    assert "ror: resuming at transform: it has not run" in err
    assert Ledger(place, RUN).state().newest.skipped == {"download": "was uploaded by hand"}


def test_auto_begins_where_the_manifest_is_damaged(ror, place, capsys):
    place.put("ror/2026-10-01/download/_manifest.json", b"{")
    main([*ror, "--start-job", "auto", "--json"])
    out, err = capsys.readouterr()
    assert list(json.loads(out)["jobs"]) == ["download", "transform"]
    assert "ror: resuming at download: it has a damaged manifest" in err


def test_offline_no_bucket_is_asked_where_auto_begins(monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    where = ["--bucket-name", "my-bucket", "--start-job", "auto", "--dry-run", "--offline", "--json"]
    main(["batch-submit", "ror", *OPTIONS, *where])
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 2
    assert "ror from its first job on: the bucket was not asked what is complete" in err


def test_auto_has_nothing_to_do_when_all_is_there(ror, place, capsys):
    for phase in ("download", "transform"):
        place.put(f"ror/2026-10-01/{phase}/file", b"uploaded by hand")
    main([*ror, "--start-job", "auto", "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out) == {"chain": "ror", "run_id": "2026-10-01", "jobs": {}}
    assert "ror: every job is complete and current, nothing was submitted" in err
    assert submitted() == []


def test_all_failures_are_told_at_once_and_nothing_is_submitted(ror, place, capsys):
    boto3.client("batch").update_job_queue(jobQueue="dmpworks-dev", state="DISABLED")
    again = [*ror, "--batch-job-definition", "nowhere", "--start-job", "transform"]
    code, what, on, next = refused(again, capsys)
    assert code == 2
    assert what == "3 checks failed: queue dmpworks-dev, job definition, input ror/2026-10-01/download"
    assert on.startswith("(1) queue dmpworks-dev: it is DISABLED")
    assert "(2) register it, or set BATCH_JOB_DEFINITION" in next
    assert submitted() == []


def test_who_holds_the_lock_is_told(ror, place, capsys):
    with hold(place, "ror", "dmpworks run ror/2026-09-01"):
        code, what, on, _ = refused(ror, capsys)
    assert (code, what) == (2, "a check failed: live run of ror")
    assert "is running on ror since" in on
    assert on.endswith("UTC: dmpworks run ror/2026-09-01")


def test_the_run_is_followed_if_asked(ror, place, capsys):
    main([*ror, "--watch", "--json"])
    sent, *seen = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(sent["jobs"]) == ["download", "transform"]
    assert [row["status"] for row in seen[-1]["rows"]] == ["succeeded", "succeeded"]
