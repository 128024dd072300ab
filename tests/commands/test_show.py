"""One run as its ledger tells it: jobs, attempts, counts, memory, and why something failed."""

import json

import pytest

from dmpworks.commands.runs.show import show
from dmpworks.errors import SettingsError
from dmpworks.runs.ledger.events import ErrorText
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import RunName
from tests.runs.sample import SMALL, Story, good_run, troubled_run


def shown(bucket, capsys, *arguments, **options) -> str:
    show(*arguments, bucket_name=bucket.name, **options)
    return capsys.readouterr().out


def test_the_jobs_of_a_run(bucket, capsys):
    troubled_run(bucket)
    said = shown(bucket, capsys, "process-dmps/latest")
    assert said.startswith("process-dmps/2026-10-01: succeeded on AWS Batch, 2 submissions\n")
    assert "began 2026-10-01 02:00 UTC, took 5 h 17 min" in said  # of both submissions, not the hours between them
    (line,) = [line for line in said.splitlines() if line.startswith("dmp-works-search ")]
    told = "dmp-works-search succeeded 3 (1 lost) 42 min 3 h 17 min 256.2 GiB of 490 GiB 14.8 of 32"
    assert " ".join(line.split()) == told
    assert "dmp-works-search: 50,988 read; 1,276,824 written; plans without any match: 3,077" in said
    assert "sync-dmps: left out of the newest submission, complete since 2026-10-01 03:06 UTC" in said


def test_why_a_job_failed(bucket, capsys):
    told = Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL, "transform": SMALL})
    error = ErrorText("2 files could not be read", "part_3.json", "download it again")
    told.wait(1).start("download").end("download", 2, "failed", error=error)
    told.see("download", "failed", cause="failed", reason="Essential container in task exited")
    told.see("transform", "skipped", reason="Dependent Job failed")
    lines = shown(bucket, capsys).splitlines()
    assert lines[-5:] == [
        "  download failed: Essential container in task exited",
        "    2 files could not be read",
        "    on:   part_3.json",
        "  transform skipped: Dependent Job failed",
        "  next: download it again; then: dmpworks runs resume ror/2026-10-01",
    ]


def test_a_local_run_whose_process_is_gone_has_failed(bucket, capsys):
    told = Story(bucket, RunName("ror", "2026-10-01"), where="local").plan({"download": SMALL, "transform": SMALL})
    told.wait(1).start("download")
    said = shown(bucket, capsys)
    assert said.startswith("ror/2026-10-01: failed on one machine\n")
    assert "  download failed: the process that ran it is gone\n" in said
    with hold(bucket, "ror", "dmpworks run ror/2026-10-01"):
        assert shown(bucket, capsys).startswith("ror/2026-10-01: running on one machine\n")


def test_the_events(bucket, capsys):
    good_run(bucket, "2026-10-01")
    said = shown(bucket, capsys, events=True).splitlines()[-17:]
    assert said[0].startswith("2026-10-01 02:00:00Z planned    ada@laptop  submission=1 where=batch")
    assert said[1] == "2026-10-01 02:00:00Z submitted  ada@laptop  submission=1 job=sync-dmps id=2026-10-01-1-1"


def test_as_json(bucket, capsys):
    troubled_run(bucket)
    told = json.loads(shown(bucket, capsys, as_json=True))
    assert (told["run"], told["status"], told["submissions"]) == ("process-dmps/2026-10-01", "succeeded", 2)
    assert [job["job"] for job in told["jobs"]] == [
        "sync-dmps",
        "enrich-dmps",
        "dmp-works-search",
        "merge-related-works",
    ]
    assert [one["ending"] for one in told["executions"]].count("lost") == 1
    assert "events" not in told
    assert len(json.loads(shown(bucket, capsys, as_json=True, events=True))["events"]) == 24


def test_a_run_that_is_not_there(bucket, capsys):
    with pytest.raises(SettingsError, match="there is no run ror/latest"):
        shown(bucket, capsys, "ror/latest")
