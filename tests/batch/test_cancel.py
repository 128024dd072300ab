"""The end of a run on request: from tail to head, in any state, until every job is over."""

import io
import os
import signal
import socket
import subprocess
import sys
import time

import msgspec
import pytest

from dmpworks.commands.runs.cancel import confirm, end
from dmpworks.errors import JobError, PreflightError
from dmpworks.runs.ledger.events import Cancelling, Observed, Planned
from dmpworks.runs.ledger.locks import LEASE, Lock, hold
from dmpworks.runs.ledger.store import now
from tests.batch.fake_jobs import Execution, Fault, denied, throttled
from tests.batch.scene import Scene

# Seconds after the submission, and where the two jobs stand then.
MOMENTS = {0: ("SUBMITTED", "SUBMITTED"), 10: ("RUNNABLE", "PENDING"), 21: ("STARTING", "PENDING"),
           60: ("RUNNING", "PENDING"), 95: ("SUCCEEDED", "RUNNABLE"), 120: ("SUCCEEDED", "RUNNING")}  # fmt: skip


@pytest.mark.parametrize("seconds", MOMENTS)
def test_a_run_is_cancelled_in_whatever_state_its_jobs_are(scene, seconds):
    scene.submit()
    scene.sleep(seconds)
    assert tuple(job.status for job in scene.batch.jobs.values()) == MOMENTS[seconds]
    state = end(scene.ledger, scene.context)
    assert [job.status for job in scene.batch.jobs.values()][-1] == "FAILED"
    first = "succeeded" if MOMENTS[seconds][0] == "SUCCEEDED" else "cancelled"
    assert scene.statuses() == {"fetch": first, "count": "cancelled"}
    assert (state.status, state.live) == ("cancelled", [])


def test_the_last_job_is_asked_first_so_that_nothing_starts_meanwhile(scene):
    scene.submit()
    scene.sleep(60)
    end(scene.ledger, scene.context)
    assert [name.rsplit("-", 1)[-1] for name in scene.batch.names("TerminateJob")] == ["count", "fetch"]
    events = [event for event in scene.ledger.events() if isinstance(event, (Cancelling, Observed))]
    assert [type(event).__name__ for event in events] == ["Cancelling", "Observed", "Observed"]
    assert events[1].reason.startswith("dmpworks: cancelled by ")


def test_a_run_that_is_over_is_left_alone(scene, capsys):
    scene.submit()
    scene.sleep(300)
    state = end(scene.ledger, scene.context)
    assert scene.batch.names("TerminateJob") == []
    assert state.status == "succeeded"
    assert not state.cancelling
    assert "no job is live" in capsys.readouterr().err


def test_a_job_that_was_sent_but_never_written_down_is_ended_too(scene):
    plan = scene.plan()
    with hold(scene.bucket, "letters", "batch-submit"):
        scene.ledger.append(
            Planned(
                at=now(),
                by="ada@laptop",
                submission=1,
                where="batch",
                jobs=plan.asked,
                skipped={},
                settings=plan.settings,
                version="0",
            )
        )
        scene.batch.submit_job(**plan.drafts[0])  # and here the submitter was killed
    scene.sleep(60)
    state = end(scene.ledger, scene.context)
    assert scene.batch.job("fetch").status == "FAILED"
    assert (state.jobs["fetch"].status, state.status) == ("cancelled", "cancelled")


def test_a_cancellation_that_broke_off_is_done_again_without_harm(scene):
    scene.submit()
    scene.sleep(60)

    def killed(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        end(scene.ledger, scene.context._replace(sleep=killed))
    assert end(scene.ledger, scene.context).status == "cancelled"
    events = [type(event).__name__ for event in scene.ledger.events()]
    assert (events.count("Cancelling"), events.count("Observed")) == (1, 2)


def test_jobs_of_other_runs_go_on(scene):
    other = Scene(scene.folder, run_id="2026-09-01", batch=scene.batch)
    scene.submit()
    scene.batch.submit_job(**other.plan().drafts[0])
    end(scene.ledger, scene.context)
    scene.sleep(300)
    assert [job.status for job in scene.batch.jobs.values()] == ["FAILED", "FAILED", "SUCCEEDED"]


def test_whoever_submits_meanwhile_is_named(scene):
    scene.submit()
    with hold(scene.bucket, "letters", "batch-submit letters"), pytest.raises(PreflightError) as caught:
        end(scene.ledger, scene.context)
    assert "is running on letters: batch-submit letters" in caught.value.what
    assert scene.batch.names("TerminateJob") == []


@pytest.mark.parametrize(
    ("error", "what"),
    [(denied("TerminateJob"), "lack a permission"), (throttled("TerminateJob"), "AWS is throttled")],
)
def test_a_refusal_says_what_to_do_and_another_try_ends_the_run(scene, error, what):
    scene.submit()
    scene.batch.faults.append(Fault("TerminateJob", error, after=1))
    with pytest.raises(Exception, match=what) as caught:
        end(scene.ledger, scene.context)
    assert caught.value.next.endswith("then: dmpworks runs cancel letters/2026-10-01")
    assert end(scene.ledger, scene.context).status == "cancelled"


def test_a_container_that_says_it_was_interrupted_changes_nothing(scene):
    scene.does("fetch", Execution(seconds=1000))
    scene.submit()
    scene.sleep(60)
    state = end(scene.ledger, scene.context)
    assert state.jobs["fetch"].attempts[0].outcome == "interrupted"
    assert scene.statuses() == {"fetch": "cancelled", "count": "cancelled"}


HOLDER = """
import sys, time, signal
from dmpworks.runs.ledger.locks import hold
from dmpworks.services.storage import open_bucket
def interrupted(number, frame): raise KeyboardInterrupt
signal.signal(signal.SIGTERM, interrupted)
try:
    with hold(open_bucket(sys.argv[1]), "letters", "dmpworks run letters/2026-11-01"):
        print("holding", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_a_local_run_is_interrupted_as_by_ctrl_c(scene):
    ledger = scene.local_run()
    with subprocess.Popen([sys.executable, "-c", HOLDER, scene.bucket.name], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"holding\n"
        end(ledger, scene.context._replace(batch=None, logs=None, sleep=time.sleep))
        assert process.wait(10) == 130
    assert ledger.state().cancelling == (1,)


def test_a_local_run_on_another_machine_is_not_touched(scene):
    ledger = scene.local_run()
    lock = Lock("ada@laptop", "laptop", 4711, "dmpworks run letters/2026-11-01", now(), now() + LEASE)
    scene.bucket.create("locks/letters/000001.json", msgspec.json.encode(lock))
    with pytest.raises(JobError) as caught:
        end(ledger, scene.context._replace(batch=None, logs=None))
    assert (caught.value.what, caught.value.on) == (
        "letters/2026-11-01 runs on another machine",
        "ada@laptop, process 4711",
    )
    assert ledger.state().cancelling == ()


def test_the_process_of_another_run_is_not_interrupted(scene):
    ledger = scene.local_run()
    lock = Lock("me", socket.gethostname(), os.getpid(), "dmpworks run letters/2026-12-01", now(), now() + LEASE)
    scene.bucket.create("locks/letters/000001.json", msgspec.json.encode(lock))
    before = signal.signal(signal.SIGTERM, lambda number, frame: pytest.fail("interrupted"))
    try:
        with pytest.raises(PreflightError):
            end(ledger, scene.context._replace(batch=None, logs=None))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_local_run_whose_process_is_gone_is_written_down_as_cancelled(scene):
    ledger = scene.local_run()
    state = end(ledger, scene.context._replace(batch=None, logs=None))
    assert [job.status for job in state.current] == ["cancelled", "cancelled"]
    assert state.jobs["fetch"].reason == "the process that ran it is gone"


def test_the_latest_run_is_cancelled_only_once_that_is_confirmed(scene, capsys, monkeypatch):
    scene.submit()
    with pytest.raises(PreflightError) as caught:
        confirm(scene.ledger.state())
    assert caught.value.next == f"dmpworks runs cancel {scene.run}"
    assert f"{scene.run}, running, submitted by" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    confirm(scene.ledger.state())
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    with pytest.raises(PreflightError):
        confirm(scene.ledger.state())


class Terminal(io.StringIO):
    """A terminal on which somebody answers."""

    def isatty(self):
        return True
