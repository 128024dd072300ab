"""A job tells the ledger of its start and end; what cannot be told harms no job."""

import pytest

from dmpworks.errors import DmpworksError, JobError, TemporaryError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import read_manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.usage import Usage
from dmpworks.runs.ledger.events import Ended, ErrorText, Started
from dmpworks.runs.ledger.recorder import LedgerReport
from dmpworks.runs.ledger.store import Ledger, RunName, who
from tests.jobs.sample import CHAIN

RUN = RunName("letters", "2026-10-01")


def run(bucket, job="fetch", source="abc", **machine):
    environ = {"BUCKET_NAME": bucket.name, "LETTERS_RUN_ID": RUN.run_id, "LETTERS_SOURCE": source}
    return execute([CHAIN], CHAIN, CHAIN.job(job), environ, LedgerReport(machine))


def test_start_and_end_are_told(bucket):
    manifest = run(bucket)
    started, ended = Ledger(bucket, RUN).events()
    assert isinstance(started, Started)
    assert (started.job, started.attempt, started.by, started.id) == ("fetch", manifest.attempt, who(), None)
    assert isinstance(ended, Ended)
    assert (ended.attempt, ended.outcome, ended.counts) == (manifest.attempt, "succeeded", manifest.counts)
    assert ended.peak_memory > 5
    assert 0 <= ended.cpu_seconds < 30
    assert started.at <= manifest.started <= manifest.ended <= ended.at


def test_what_batch_calls_the_job_and_its_attempt(bucket):
    run(bucket, AWS_BATCH_JOB_ID="0a1b", AWS_BATCH_JOB_ATTEMPT="2")
    started = Ledger(bucket, RUN).events()[0]
    assert (started.id, started.number) == ("0a1b", 2)


def test_a_failure_is_told_with_its_three_lines(bucket):
    with pytest.raises(JobError):
        run(bucket, "count")
    job = Ledger(bucket, RUN).state().jobs["count"]
    assert job.status == "failed"
    assert job.last.ended.error.what == "the job fetch of letters 2026-10-01 has not run"
    assert job.last.ended.error.next.startswith("dmpworks run letters")


def test_a_bug_is_told_too(bucket):
    run(bucket, source="oh!")
    with pytest.raises(ValueError, match="a bug"):
        run(bucket, "count")
    last = Ledger(bucket, RUN).state().jobs["count"].last
    assert (last.outcome, last.ended.exit_code, last.ended.error.what) == ("failed", 1, "ValueError: a bug")


@pytest.mark.parametrize(
    ("result", "outcome", "code", "error"),
    [
        (Counts(read=1), "succeeded", 0, None),
        (KeyboardInterrupt(), "interrupted", 130, None),
        (TemporaryError("busy", on="a", next="b"), "again", 75, ErrorText("busy", "a", "b")),
        (DmpworksError("broken", on="a", next="b"), "failed", 1, ErrorText("broken", "a", "b")),
    ],
)
def test_how_an_attempt_ends(bucket, make_run, result, outcome, code, error):
    one = make_run(bucket, "letters", "fetch")
    report = LedgerReport({})
    report.started(one)
    report.ended(one, result, Usage(12, 3.5))
    ended = Ledger(bucket, RUN).events()[-1]
    assert (ended.outcome, ended.exit_code, ended.error, ended.peak_memory) == (outcome, code, error, 12)


def test_a_ledger_that_cannot_be_written_harms_no_job(bucket, capsys):
    (bucket.root / "runs").write_text("a file where the folder should be")
    manifest = run(bucket)
    assert read_manifest(bucket, "letters/2026-10-01/fetch")[0] == manifest
    said = capsys.readouterr().err
    assert said.count("could not write to the ledger: ") == 2
    assert "reconcile --repair" in said


def test_an_end_whose_start_could_not_be_told_contradicts_nothing(bucket, make_run, capsys):
    one, report = make_run(bucket, "letters", "fetch"), LedgerReport({})
    (bucket.root / "runs").write_text("a file where the folder should be")
    report.started(one)
    (bucket.root / "runs").unlink()
    report.ended(one, Counts(read=1), Usage(12, 3.5))
    assert Ledger(bucket, RUN).events() == []
    assert "succeeded cannot follow nothing" in capsys.readouterr().err


def test_a_damaged_event_keeps_no_job_from_telling(bucket):
    bucket.put("runs/letters/2026-10-01/000001.json", b"{")
    run(bucket)
    bucket.delete(["runs/letters/2026-10-01/000001.json"])
    assert Ledger(bucket, RUN).state().jobs["fetch"].status == "succeeded"
