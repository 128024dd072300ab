"""A local run writes the ledger as a run on AWS Batch does: what was asked, what happened, and what the jobs said."""

import os
import signal
import subprocess
import sys
import threading
import time

import msgspec
import pytest

from dmpworks.errors import JobError, PreflightError
from dmpworks.jobs.containers import container_environment
from dmpworks.jobs.model import Counts
from dmpworks.runs.completeness import Start
from dmpworks.runs.ledger import locks
from dmpworks.runs.ledger.events import Ended, JobRequest, Observed, Planned, Started, Submitted
from dmpworks.runs.ledger.locks import LEASE, Lock, hold, holder
from dmpworks.runs.ledger.store import Ledger, now, who
from dmpworks.runs.local.runner import ChainStopped
from dmpworks.services.storage import open_bucket
from dmpworks.settings.resolve import Resolved
from tests.runs.ror import CHAIN, RUN, run, settings
from tests.test_commands import PLAIN


def state(bucket):
    return Ledger(bucket, RUN).state()


def kinds(bucket) -> list[str]:
    return [type(event).__name__ for event in Ledger(bucket, RUN).events()]


def test_a_run_from_plan_to_end(planted):
    download, transform = run(planted)
    ledger = Ledger(planted, RUN)
    assert kinds(planted) == ["Planned", *["Submitted", "Started", "Ended"] * 2]
    plan = ledger.events()[0]
    assert (plan.where, plan.by, list(plan.jobs), plan.skipped) == ("local", who(), ["download", "transform"], {})
    assert plan.settings["ROR_RUN_ID"] == RUN.run_id
    jobs = state(planted).jobs
    assert state(planted).status == "succeeded"
    assert jobs["transform"].last.ended.counts == transform.counts == Counts(read=138, written=138)
    assert jobs["download"].last.token == download.attempt
    assert jobs["transform"].last.ended.peak_memory > 20
    assert "138 read; 138 written" in planted.get(ledger.log_key(1, "transform")).decode()
    assert holder(planted, "ror") is None


def test_what_the_jobs_say_is_shown_and_kept(planted, capsys):
    run(planted)
    said = capsys.readouterr().err
    for job in ("download", "transform"):
        kept = planted.get(Ledger(planted, RUN).log_key(1, job)).decode()
        assert kept.startswith(f"ror {job}: ")
        assert kept in said


def test_a_second_run_skips_what_is_complete_and_says_why(planted):
    run(planted)
    before = Ledger(planted, RUN).events()
    assert run(planted) == []
    assert Ledger(planted, RUN).events() == before
    run(planted, Start("transform", {"download": "before the start job transform"}))
    plan = state(planted).submissions[1]
    assert (list(plan.jobs), plan.skipped) == (["transform"], {"download": "before the start job transform"})
    assert [job.name for job in state(planted).current] == ["transform"]
    assert [len(job.attempts) for job in state(planted).jobs.values()] == [1, 2]


def test_a_job_that_fails_tells_why_and_the_jobs_after_it_are_skipped(planted, capsys):
    with pytest.raises(ChainStopped) as caught:
        run(planted, values=settings(planted, "./nowhere/"))
    assert caught.value.what == "ror stopped: its job download failed with exit code 1"
    assert caught.value.next == "fix the cause above, then: again at download"
    assert kinds(planted) == ["Planned", "Submitted", "Started", "Ended", "Observed"]
    found = state(planted)
    assert {name: job.status for name, job in found.jobs.items()} == {"download": "failed", "transform": "skipped"}
    assert found.jobs["transform"].reason == "download before it failed"
    assert found.jobs["download"].last.ended.error.what in capsys.readouterr().err


def test_a_job_that_never_began_has_failed_nevertheless(planted):
    values = settings(planted) | Resolved({"ROR_DOWNLOAD_URL": None})
    with pytest.raises(ChainStopped) as caught:
        run(planted, values=values)
    assert caught.value.exit_code == 2
    job = state(planted).jobs["download"]
    assert (job.status, job.reason, job.exit_code) == ("failed", "failed with exit code 2", 2)
    assert job.attempts == ()


def begin(bucket, source, cwd) -> subprocess.Popen:
    """Start `dmpworks run ror` in a process group of its own, and wait until its first job has begun."""
    options = ["--bucket-name", bucket.name, "--run-id", RUN.run_id, "--download-url", source]
    process = subprocess.Popen(
        [sys.executable, "-m", "dmpworks", "run", "ror", *options, "--start-job", "auto"],
        env=PLAIN,
        cwd=cwd,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while "Started" not in kinds(bucket):
        assert time.monotonic() < until and process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


def job_of(process: subprocess.Popen) -> int:
    """Return the process id of the job that a local run is at."""
    found = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def test_a_job_that_is_killed_has_its_end_written_for_it(bucket, endless, tmp_path):
    process = begin(bucket, endless, tmp_path)
    os.kill(job_of(process), signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "failed: ror stopped: its job download was killed by signal 9" in said
    job = state(bucket).jobs["download"]
    assert (job.status, job.reason, job.exit_code) == ("failed", "was killed by signal 9", 137)
    assert job.last.ended is None
    assert state(bucket).jobs["transform"].status == "skipped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_cancelled(bucket, endless, tmp_path, number):
    process = begin(bucket, endless, tmp_path)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    found = state(bucket)
    assert found.status == "cancelled"
    assert {job.status for job in found.jobs.values()} == {"cancelled"}
    assert found.jobs["download"].last.outcome == "interrupted"
    assert holder(bucket, "ror") is None


def test_a_run_that_was_overtaken_while_its_machine_slept_stops_its_job_and_leaves_the_ledger_alone(
    planted, endless, monkeypatch
):
    monkeypatch.setattr(locks, "RENEWAL", 0.1)
    taken = Lock("bob@another", "another", 1, "dmpworks run ror/2026-10-01", now(), now() + LEASE)

    def overtake() -> None:
        while "Started" not in kinds(planted):
            time.sleep(0.05)
        planted.create("locks/ror/000002.json", msgspec.json.encode(taken))

    thread = threading.Thread(target=overtake)
    thread.start()
    with pytest.raises(JobError, match="the lock of the chain was lost"):
        run(planted, values=settings(planted, endless))
    thread.join()
    assert kinds(planted) == ["Planned", "Submitted", "Started", "Ended"]  # the job itself said that it was interrupted
    assert state(planted).jobs["download"].last.outcome == "interrupted"
    assert holder(planted, "ror").owner == "bob@another"


def test_the_log_grows_while_the_job_runs(bucket, tmp_path, endless):
    process = begin(bucket, endless, tmp_path)
    log = bucket.root / Ledger(bucket, RUN).log_key(1, "download")
    token = state(bucket).jobs["download"].last.token
    words = f"ror download: run {RUN.run_id} begins, attempt {token}\n"
    until = time.monotonic() + 10
    while log.read_text() != words:
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    assert process.stderr.readline() == words
    process.terminate()
    process.communicate(timeout=30)


def test_a_second_run_of_the_chain_is_refused(planted):
    with hold(planted, "ror", "dmpworks run ror/2026-10-01"), pytest.raises(PreflightError) as caught:
        run(planted)
    assert caught.value.what == f"{who()} is running on ror: dmpworks run ror/2026-10-01"
    assert Ledger(planted, RUN).events() == []


def test_on_s3_the_log_is_uploaded_at_the_end(planted, s3_bucket):
    bucket = open_bucket(s3_bucket, "us-east-1")
    values = settings(planted) | Resolved({"BUCKET_NAME": s3_bucket, "AWS_REGION": "us-east-1"})
    run(bucket, values=values)
    assert state(bucket).status == "succeeded"
    assert "138 written" in bucket.get(Ledger(bucket, RUN).log_key(1, "transform")).decode()


def test_a_chain_that_is_under_way_on_aws_batch_is_left_to_it(planted, s3_bucket):
    bucket = open_bucket(s3_bucket, "us-east-1")
    about = {"at": now(), "by": "bob@laptop"}
    plan = Planned(
        **about, submission=1, where="batch", jobs={"download": JobRequest()}, skipped={}, settings={}, version="1"
    )
    other = Ledger(bucket, RUN._replace(run_id="2026-08-01"))
    other.append(plan)
    other.append(Submitted(**about, submission=1, job="download", id="b-1"))
    values = settings(planted) | Resolved({"BUCKET_NAME": s3_bucket, "AWS_REGION": "us-east-1"})
    with pytest.raises(PreflightError) as caught:
        run(bucket, values=values)
    assert caught.value.what == "ror/2026-08-01 is running on AWS Batch"
    assert caught.value.on == "download (b-1)"
    other.append(Observed(**about, job="download", state="failed", id="b-1"))
    run(bucket, values=values)
    assert state(bucket).status == "succeeded"


def test_a_job_run_by_hand_is_in_the_ledger_too(planted):
    environ = container_environment(CHAIN, CHAIN.job("download"), settings(planted))
    command = [sys.executable, "-m", "dmpworks", "aws-batch", "ror", "download"]
    subprocess.run(command, env=PLAIN | environ, check=True, capture_output=True)
    started, ended = Ledger(planted, RUN).events()
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert state(planted).status == "succeeded"
    assert state(planted).jobs["download"].submission == 0
