"""Why a job failed, and the command to resume with."""

import io

import pytest
from rich.console import Console

from dmpworks.batch.describe import cause_of
from dmpworks.batch.monitor.failures import FailureReport, explain_failures
from dmpworks.commands.runs.watch import follow_on
from dmpworks.commands.shared.watch_views import Lines
from dmpworks.runs.ledger.events import ErrorText, Observed
from tests.batch.fake_containers import Container
from tests.batch.fake_jobs import Execution, Fault, denied, image_not_pulled, machine_lost, out_of_memory
from tests.batch.scene import Scene

RESUME = "dmpworks runs resume letters/2026-10-01"


def failed(scene: Scene, *executions: Execution, job: str = "fetch", **environ: str) -> FailureReport:
    scene.does(job, *executions)
    scene.submit(**environ)
    assert follow_on(scene.ledger, scene.context, Lines(Console(file=io.StringIO()))) == 1
    (digest,) = explain_failures(scene.ledger, scene.context)
    return digest


def test_out_of_memory_resumes_with_twice_as_much(scene):
    digest = failed(scene, out_of_memory())
    assert digest.cause == "out of memory"
    assert digest.what == "it ran out of memory: it had 4,096 MiB"
    assert digest.next == f"{RESUME} --set LETTERS_FETCH_MEMORY=8192"
    assert digest.reason == "Essential container in task exited; OutOfMemoryError: Container killed due to memory usage"


def test_more_memory_is_bounded_by_the_machines_of_the_queue(scene):
    resources = {"type": "EC2", "maxvCpus": 256, "instanceTypes": ["m5.large"], "subnets": []}
    scene.batch.environments["machines"] = {"computeResources": resources}
    digest = failed(scene, out_of_memory(), LETTERS_FETCH_MEMORY="6000")
    assert digest.next == f"{RESUME} --set LETTERS_FETCH_MEMORY=7864"


def test_where_no_larger_machine_is_another_queue_is_named(scene):
    resources = {"type": "EC2", "maxvCpus": 256, "instanceTypes": ["m5.large"], "subnets": []}
    scene.batch.environments["machines"] = {"computeResources": resources}
    digest = failed(scene, out_of_memory(), LETTERS_FETCH_MEMORY="7864")
    assert digest.next == f"its queue has no machine with more than 7,864 MiB: name another queue, then: {RESUME}"


def test_a_time_out_resumes_with_twice_the_time(scene):
    digest = failed(scene, Execution(seconds=1000), LETTERS_FETCH_TIMEOUT="600")
    assert (digest.cause, digest.what) == ("timed out", "it took longer than its time-out of 600 s")
    assert digest.next == f"{RESUME} --set LETTERS_FETCH_TIMEOUT=1200"


def test_the_reason_of_aws_is_shown_for_a_job_that_it_ended_before_any_attempt(scene):
    """Such as ECS' refusal of container overrides over 8,192 characters: of a later job of the chain, too."""
    reason = "Container Overrides length must be at most 8192"
    scene.submit()
    count = next(job for job in scene.batch.jobs.values() if job.name.endswith("count"))
    while count.status not in ("RUNNABLE", "STARTING"):
        scene.batch.sleep(1)
    scene.batch._finish(count, "FAILED", reason)
    assert follow_on(scene.ledger, scene.context, Lines(Console(file=io.StringIO()))) == 1
    (report,) = explain_failures(scene.ledger, scene.context)
    assert (report.job, report.what, report.reason) == ("count", "AWS Batch ended it before it started", reason)
    assert f"  AWS says: {reason}" in report.lines()
    assert report.next == f"fix what AWS names, then: {RESUME}"


def test_an_error_about_a_setting_is_resumed_with_another_value(scene):
    """The recorded setting would fail in the same way."""
    error = ErrorText("not a source", "LETTERS_SOURCE=abc", "give an address")
    report = failed(scene, Execution(exit_code=2, container=Container(scene.bucket, scene.logs, error=error)))
    assert report.next == f"give an address; then: {RESUME} --set LETTERS_SOURCE=VALUE"


def test_lost_machines_are_counted(scene):
    digest = failed(scene, machine_lost())
    assert (digest.cause, digest.attempts, digest.lost, digest.next) == ("machine lost", 3, 3, RESUME)
    assert digest.lines()[0] == (
        "letters/2026-10-01 fetch failed: its machine was lost (Spot) in every attempt (3 attempts, 3 machines lost)"
    )


def test_an_image_that_cannot_be_pulled_is_named_as_such(scene):
    digest = failed(scene, image_not_pulled())
    assert digest.cause == "image not pulled"
    assert digest.next == f"check that its image exists and its execution role may pull it, then: {RESUME}"
    assert digest.log == ()


def test_an_error_of_ours_is_told_with_its_three_lines_and_the_last_of_its_log(scene):
    told = ErrorText("3 files could not be read", "s3://my-bucket/letters", "run fetch again")
    lines = tuple(f"line {number}" for number in range(60))
    scene.logs.page = 1000
    container = Container(scene.bucket, scene.logs, lines=lines, error=told)
    digest = failed(scene, Execution(exit_code=1, container=container))
    assert (digest.cause, digest.what, digest.exit_code) == ("failed", "3 files could not be read", 1)
    assert digest.lines() == [
        "letters/2026-10-01 fetch failed: 3 files could not be read (exit code 1)",
        "  AWS says: Essential container in task exited",
        "  on:    s3://my-bucket/letters",
        "  log, the last 20 lines:",
        *(f"  | line {number}" for number in range(40, 60)),
        f"  next:  run fetch again; then: {RESUME}",
    ]


def test_lines_that_cloudwatch_shows_late_are_there(scene):
    scene.logs.lag = 2.5
    digest = failed(scene, Execution(seconds=1, exit_code=1))
    assert digest.log == ("at work",)


def test_a_log_that_may_not_be_read_does_not_hide_the_failure(scene):
    scene.does("fetch", out_of_memory())
    scene.submit()
    scene.logs.faults += [denied("GetLogEvents")] * 2
    follow_on(scene.ledger, scene.context, Lines(Console(file=io.StringIO())))
    (digest,) = explain_failures(scene.ledger, scene.context)
    assert digest.log == ("the log cannot be read: these AWS credentials lack a permission",)
    assert digest.cause == "out of memory"


def test_machines_that_may_not_be_asked_for_bound_nothing(scene):
    scene.batch.faults.append(Fault("DescribeJobQueues", denied("DescribeJobQueues"), times=9))
    assert failed(scene, out_of_memory()).next == f"{RESUME} --set LETTERS_FETCH_MEMORY=8192"


def test_only_the_job_that_failed_of_itself_is_told_of(scene):
    scene.does("fetch", Execution(exit_code=1))
    scene.submit()
    follow_on(scene.ledger, scene.context, Lines(Console(file=io.StringIO())))
    assert [digest.job for digest in explain_failures(scene.ledger, scene.context)] == ["fetch"]


def test_when_batch_has_forgotten_all_the_ledger_still_knows_why_and_where_the_log_is(scene):
    before = failed(scene, out_of_memory())
    scene.sleep(8 * 86400)
    assert scene.batch.jobs == {}
    (after,) = explain_failures(scene.ledger, scene.context)
    assert after == before
    assert after.log == ("at work",)


def test_a_local_run_that_was_killed_for_memory_names_other_remedies(scene):
    ledger = scene.local_run()
    about = {"at": scene.batch.now, "by": "ada@laptop"}
    ledger.append(Observed(**about, job="fetch", state="failed", reason="was killed by signal 9", exit_code=137))
    scene.bucket.put(ledger.log_key(1, "fetch"), b"reading\nstill reading\n")
    (digest,) = explain_failures(ledger, scene.context._replace(batch=None, logs=None))
    assert digest.cause == "out of memory"
    assert digest.reason is None  # AWS says nothing of it
    assert digest.log == ("reading", "still reading")
    assert (
        digest.next == "close other programs, or give it fewer workers, then: dmpworks runs resume letters/2026-11-01"
    )


@pytest.mark.parametrize(
    ("reason", "inside", "code", "cause"),
    [
        ("Host EC2 (instance i-1) terminated.", None, None, "machine lost"),
        ("Task failed to start", "CannotPullContainerError: no such image", None, "image not pulled"),
        ("Task failed to start", "ResourceInitializationError: no secrets", None, "container not started"),
        ("Job attempt duration exceeded timeout", None, 137, "timed out"),
        ("Essential container in task exited", "OutOfMemoryError: killed", 137, "out of memory"),
        ("Essential container in task exited", None, 137, "out of memory"),
        ("Essential container in task exited", None, 75, "worth another attempt"),
        ("Essential container in task exited", None, 143, "interrupted"),
        ("Essential container in task exited", None, 1, "failed"),
        (None, None, None, "failed"),
    ],
)
def test_every_class_of_failure_has_its_sign(reason, inside, code, cause):
    assert cause_of(reason, inside, code) == cause
