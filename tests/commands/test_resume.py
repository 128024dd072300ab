"""`dmpworks runs resume RUN`: a new submission from where a run stopped, with its own settings, changes shown."""

import hashlib
import json

import pytest

from dmpworks.cli import main
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import open_bucket

RUN = RunName("ror", "2026-10-01")


def refused(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    lines = capsys.readouterr().err.splitlines()[-3:]
    return caught.value.code, *(line.split(":", 1)[1].strip() for line in lines)


# on AWS Batch: moto's jobs succeed at once, and leave no output


@pytest.fixture
def place(batch_account, s3_bucket, capsys):
    """The bucket of a run of ror that was submitted, with a size and a setting of its own."""
    options = ["--run-id", "2026-10-01", "--download-url", "https://example.org/a.zip", "--transform.memory", "8192"]
    main(["batch-submit", "ror", "--bucket-name", s3_bucket, *options])
    capsys.readouterr()
    return open_bucket(s3_bucket, "us-east-1")


def test_a_run_is_submitted_again_with_the_settings_it_had(place, capsys):
    main(["runs", "resume", "--bucket-name", place.name, "--json"])
    out, err = capsys.readouterr()
    assert list(json.loads(out)["jobs"]) == ["download", "transform"]
    assert "ror: resuming at download: it has not run" in err
    first, second = Ledger(place, RUN).state().submissions
    assert (second.submission, second.settings, second.jobs) == (2, first.settings, first.jobs)
    assert second.jobs["transform"].memory == 8192


def test_what_is_complete_stays(place, capsys):
    place.put("ror/2026-10-01/download/file", b"uploaded by hand")
    main(["runs", "resume", "ror/latest", "--bucket-name", place.name, "--json"])
    assert list(json.loads(capsys.readouterr().out)["jobs"]) == ["transform"]
    place.put("ror/2026-10-01/transform/file", b"uploaded by hand")
    main(["runs", "resume", "ror/latest", "--bucket-name", place.name, "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out)["jobs"] == {}
    assert "every job is complete and current" in err


def test_a_named_start_job_is_obeyed(place, capsys):
    place.put("ror/2026-10-01/download/file", b"uploaded by hand")
    place.put("ror/2026-10-01/transform/file", b"uploaded by hand")
    main(["runs", "resume", "--start-job", "download", "--bucket-name", place.name, "--json"])
    assert list(json.loads(capsys.readouterr().out)["jobs"]) == ["download", "transform"]


def test_changes_are_shown_and_kept(place, capsys):
    texts = ("ROR_TRANSFORM_MEMORY=16384", "ROR_HASH=md5:0", "MAX_BAD_RECORDS=", "BATCH_PRICE_GIB_HOUR=0")
    changes = [word for text in texts for word in ("--set", text)]
    main(["runs", "resume", "ror/2026-10-01", *changes, "--bucket-name", place.name])
    err = capsys.readouterr().err.splitlines()
    assert "ROR_TRANSFORM_MEMORY: 8192 -> 16384" in err
    assert "ROR_HASH: the default -> md5:0" in err
    assert "MAX_BAD_RECORDS: 0.001 -> the default" in err
    assert "BATCH_PRICE_GIB_HOUR: the default -> 0" in err
    newest = Ledger(place, RUN).state().newest
    assert newest.jobs["transform"].memory == 16384
    assert (newest.settings["ROR_HASH"], newest.settings["MAX_BAD_RECORDS"]) == ("md5:0", "0.001")


def test_the_environment_changes_nothing(place, monkeypatch, capsys):
    monkeypatch.setenv("ROR_DOWNLOAD_URL", "https://example.org/other.zip")
    monkeypatch.setenv("ROR_RUN_ID", "2026-11-01")
    main(["runs", "resume", "ror/2026-10-01", "--bucket-name", place.name])
    assert Ledger(place, RUN).state().newest.settings["ROR_DOWNLOAD_URL"] == "https://example.org/a.zip"


@pytest.mark.parametrize(
    ("change", "what", "next"),
    [
        ("ROR_HAHS=x", "unknown setting ROR_HAHS", "did you mean ROR_HASH?"),
        ("ROR_RUN_ID=2026-11-01", "ROR_RUN_ID cannot change within a run", "batch-submit ror"),
        ("BUCKET_NAME=other", "BUCKET_NAME cannot change within a run", "batch-submit ror"),
        ("ENV=prod", "ENV cannot change within a run", "batch-submit ror"),
        ("=x", "a change is NAME=value", "--set NAME=VALUE"),
        ("ROR_HASH", "a change is NAME=value", "--set ROR_HASH=VALUE"),
        ("ROR_TRANSFORM_MEMORY=much", "ROR_TRANSFORM_MEMORY cannot be 'much'", "give a whole number"),
    ],
)
def test_a_change_that_is_none(place, capsys, change, what, next):
    code, told, _, hint = refused(["runs", "resume", "--set", change, "--bucket-name", place.name], capsys)
    assert (code, told) == (2, what)
    assert next in hint
    assert len(Ledger(place, RUN).state().submissions) == 1


def test_an_earlier_start_says_how_to_give_what_was_never_needed(place, capsys):
    place.put("ror/2026-11-01/download/file", b"uploaded by hand")
    options = ["--bucket-name", place.name, "--run-id", "2026-11-01", "--start-job", "transform"]
    main(["batch-submit", "ror", *options])
    capsys.readouterr()
    back = ["runs", "resume", "ror/2026-11-01", "--start-job", "download", "--bucket-name", place.name]
    code, told, _, hint = refused(back, capsys)
    assert (code, told, hint) == (2, "ROR_DOWNLOAD_URL is not set", "add --set ROR_DOWNLOAD_URL=VALUE")


def test_nothing_is_resumed_while_somebody_is_at_work(place, capsys):
    with hold(place, "ror", "a test"):
        code, told, *_ = refused(["runs", "resume", "--bucket-name", place.name], capsys)
    assert (code, told) == (2, "a check failed: live run of ror")


def test_a_run_that_does_not_exist(place, capsys):
    code, told, *_ = refused(["runs", "resume", "ror/2026-12-01", "--bucket-name", place.name], capsys)
    assert (code, told) == (2, "there is no run ror/2026-12-01")


# on this machine


@pytest.fixture
def release(data):
    return data / "planted" / "ror" / "2026-10-01" / "download"


def test_a_local_run_goes_on_on_this_machine(bucket, release, capsys):
    options = ["--run-id", "2026-10-01", "--download-url", str(release), "--hash", "md5:" + "0" * 32]
    with pytest.raises(SystemExit):
        main(["run", "ror", "--bucket-name", bucket.name, *options])
    capsys.readouterr()
    (release_file,) = release.iterdir()
    digest = hashlib.md5(release_file.read_bytes()).hexdigest()
    main(["runs", "resume", "--yes", "--set", f"ROR_HASH=md5:{digest}", "--bucket-name", bucket.name, "--json"])
    out, err = capsys.readouterr()
    assert f"ROR_HASH: md5:{'0' * 32} -> md5:{digest}" in err
    assert [manifest["job"] for manifest in json.loads(out)] == ["download", "transform"]
    state = Ledger(bucket, RUN).state()
    assert (state.status, [each.where for each in state.submissions]) == ("succeeded", ["local", "local"])
    main(["runs", "resume", "--yes", "--bucket-name", bucket.name])
    assert "every job is complete and current" in capsys.readouterr().err
    assert len(Ledger(bucket, RUN).state().submissions) == 2


def test_a_local_run_that_fails_again_says_how_to_go_on(bucket, release, capsys):
    options = ["--run-id", "2026-10-01", "--download-url", str(release), "--hash", "md5:" + "0" * 32]
    with pytest.raises(SystemExit):
        main(["run", "ror", "--bucket-name", bucket.name, *options])
    capsys.readouterr()
    code, told, _, next = refused(["runs", "resume", "--yes", "--bucket-name", bucket.name], capsys)
    assert (code, told) == (1, "ror stopped: its job download failed with exit code 1")
    assert next.endswith(f"then: dmpworks runs resume ror/2026-10-01 --bucket-name={bucket.name} --yes")


def test_a_job_keeps_the_settings_of_the_submission_that_ran_it(bucket, release, capsys):
    """A submission from a later job on does not tell what the jobs before it were given."""
    names = ["ror", "--bucket-name", bucket.name, "--run-id", "2026-10-01"]
    main(["run", *names, "--download-url", str(release), "--max-bad-records", "0.1"])
    main(["run", *names, "--start-job", "transform", "--max-bad-records", "0.2"])
    capsys.readouterr()
    resume = ["runs", "resume", "ror/2026-10-01", "--yes", "--bucket-name", bucket.name]
    main(resume)
    assert "every job is complete and current" in capsys.readouterr().err
    main([*resume, "--start-job", "download"])
    recorded = [each.settings for each in Ledger(bucket, RUN).state().submissions]
    assert [each.get("ROR_DOWNLOAD_URL") for each in recorded] == [str(release), None, str(release)]
    assert [each["MAX_BAD_RECORDS"] for each in recorded] == ["0.1", "0.2", "0.2"]
