"""Watching a run: every state as it comes, ends written into the ledger, and the exit code at the end."""

import io
import json
from datetime import timedelta

import pytest
from rich.console import Console

from dmpworks.batch.monitor.watch import Pace, Watch
from dmpworks.commands.runs.watch import follow_on
from dmpworks.commands.shared.watch_views import JsonLines, Lines
from dmpworks.errors import PreflightError
from dmpworks.runs.ledger.events import Observed, Planned
from dmpworks.runs.ledger.locks import hold
from tests.batch.fake_jobs import (
    NO_ANSWER,
    Execution,
    Fault,
    expired,
    machine_lost,
    throttled,
)
from tests.batch.scene import Scene


def watched(scene: Scene) -> tuple[int, list[str]]:
    output = io.StringIO()
    code = follow_on(scene.ledger, scene.context, Lines(Console(file=output, width=200, soft_wrap=True)))
    return code, output.getvalue().splitlines()


def changes(lines: list[str]) -> list[str]:
    """Return the lines of changes without their times."""
    return [line[21:] for line in lines if line[:2] == "20"]


def test_a_run_is_followed_to_its_good_end(scene):
    scene.submit()
    code, lines = watched(scene)
    assert code == 0
    seen = changes(lines)
    for text in ("fetch: running", "fetch: succeeded (after 1 min", "count: pending", "count: running"):
        assert any(f"{scene.run} {text}" in line for line in seen), text
    assert seen[-1].startswith(f"{scene.run} count: succeeded (after 1 min")
    assert lines[-1] == f"{scene.run} succeeded"
    assert scene.ledger.state().status == "succeeded"


def test_every_end_is_written_into_the_ledger_once_with_what_batch_tells(scene):
    scene.does("fetch", machine_lost(), Execution())
    ids = scene.submit()
    watched(scene)
    watched(scene)  # a second watch of the same run writes nothing more
    ends = [event for event in scene.ledger.events() if isinstance(event, Observed)]
    assert [(end.job, end.state, end.id) for end in ends] == [
        ("fetch", "succeeded", ids[0]),
        ("count", "succeeded", ids[1]),
    ]
    assert [one.reason for one in ends[0].batch_attempts] == [
        "Host EC2 (instance i-0123456789abcdef0) terminated.",
        "Essential container in task exited",
    ]


def test_attempts_and_lost_machines_are_counted(scene):
    scene.does("fetch", machine_lost(), machine_lost(), Execution())
    scene.submit()
    code, lines = watched(scene)
    assert code == 0
    assert any("fetch: running, attempt 3 (2 machines lost)" in line for line in lines)
    assert any("fetch: succeeded (after 1 min, 2 machines lost)" in line for line in lines)


def test_a_container_that_says_try_again_is_not_taken_for_the_end(scene):
    scene.does("fetch", Execution(exit_code=75), Execution())
    scene.submit()
    code, _ = watched(scene)
    assert code == 0
    assert [one.outcome for one in scene.ledger.state().jobs["fetch"].attempts] == ["again", "succeeded"]


def test_jobs_after_a_failed_one_are_skipped_not_failed(scene):
    scene.does("fetch", Execution(exit_code=1))
    scene.submit()
    code, lines = watched(scene)
    assert code == 1
    assert f"{scene.run} count: skipped (a job before it failed)" in changes(lines)
    assert scene.statuses() == {"fetch": "failed", "count": "skipped"}


def test_the_time_left_comes_from_earlier_runs(scene):
    before = Scene(scene.folder, run_id="2026-09-01", batch=scene.batch)
    before.submit()
    watched(before)
    scene.submit()
    snapshot = Watch(scene.ledger, scene.batch, {"fetch": 60.0, "count": 60.0}, scene.batch.clock).look()
    assert snapshot.remaining == 120
    output = io.StringIO()
    follow_on(scene.ledger, scene.context, JsonLines(output))
    snapshots = [json.loads(line) for line in output.getvalue().splitlines()]
    assert snapshots[0]["left"] == 120.0
    running = next(each for each in snapshots if each["rows"][1]["status"] == "running")
    assert running["left"] == 60 - running["rows"][1]["elapsed"]


def test_without_earlier_runs_nothing_is_promised(scene):
    scene.submit()
    assert Watch(scene.ledger, scene.batch, {}, scene.batch.clock).look().remaining is None


def test_one_describe_jobs_a_look_asks_for_all_jobs(scene):
    ids = scene.submit()
    scene.batch.calls.clear()
    Watch(scene.ledger, scene.batch, {}, scene.batch.clock).look()
    assert scene.batch.calls == [("DescribeJobs", {"jobs": ids})]


def test_looks_become_rarer_while_nothing_changes_and_never_fall_into_step():
    pace = Pace(5, 60, chance=lambda: 0.5)
    assert [round(pace.after(changed=False), 1) for _ in range(8)] == [7.5, 11.2, 16.9, 25.3, 38.0, 57.0, 60.0, 60.0]
    assert pace.after(changed=True) == 5
    assert round(Pace(5, 60, chance=lambda: 0.0).after(changed=True), 1) == 4.0
    assert round(Pace(5, 60, chance=lambda: 1.0).after(changed=True), 1) == 6.0


def test_throttling_and_a_cut_network_are_said_once_and_waited_for(scene):
    scene.submit()
    faults = [Fault("DescribeJobs", throttled("DescribeJobs"), times=3), Fault("DescribeJobs", NO_ANSWER, times=2)]
    scene.batch.faults += faults
    code, lines = watched(scene)
    assert code == 0
    assert sum("AWS is throttled" in line for line in lines) == 1
    assert sum("AWS cannot be reached" in line for line in lines) == 1


def test_expired_credentials_end_the_watch_with_the_way_back(scene):
    scene.submit()
    scene.batch.faults.append(Fault("DescribeJobs", expired("DescribeJobs"), after=2))
    with pytest.raises(PreflightError) as caught:
        watched(scene)
    assert "expired" in caught.value.what
    assert caught.value.next.startswith("aws sso login")
    assert caught.value.next.endswith(f", then: dmpworks runs watch {scene.run}")


def test_ctrl_c_detaches_and_says_how_to_come_back_and_how_to_cancel(scene):
    scene.submit()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    output = io.StringIO()
    code = follow_on(scene.ledger, scene.context._replace(sleep=interrupted), Lines(Console(file=output, width=200)))
    assert code == 130
    assert output.getvalue().splitlines()[-3:] == [
        f"detached: {scene.run} continues",
        f"  follow it: dmpworks runs watch {scene.run}",
        f"  cancel it: dmpworks runs cancel {scene.run}",
    ]
    assert scene.batch.names("TerminateJob") == []
    assert watched(scene)[0] == 0


def test_a_misconfiguration_ends_the_watch_at_once(scene):
    reason = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) cannot meet the CPU requirement of the job."
    scene.batch.stuck["dmpworks-dev"] = reason
    scene.submit()
    code, lines = watched(scene)
    assert code == 3
    assert scene.waited < timedelta(minutes=1)
    assert f"  AWS says: {reason}" in lines
    assert any("needs more vCPUs than its compute environment can ever have" in line for line in lines)
    assert scene.ledger.state().status == "running"  # the jobs still wait: nothing is written as their end


def test_missing_capacity_is_told_and_waited_for(scene):
    scene.batch.stuck["dmpworks-dev"] = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no r6i.8xlarge"
    scene.submit()
    watching = Watch(scene.ledger, scene.batch, {}, scene.batch.clock)
    scene.sleep(60)
    assert watching.look().stuck is None  # a machine may still come in time
    scene.sleep(300)
    stuck = watching.look().stuck
    assert (stuck.job, stuck.place, stuck.misconfigured) == ("fetch", 1, False)
    scene.batch.stuck.clear()
    assert watched(scene)[0] == 0


def test_a_job_that_waits_for_another_machine_waits_since_the_last_was_lost(scene):
    scene.does("fetch", machine_lost(seconds=1000), Execution())
    scene.submit()
    scene.sleep(1050)
    scene.batch.stuck["dmpworks-dev"] = "UNDETERMINED - blocked"
    scene.sleep(20)
    assert Watch(scene.ledger, scene.batch, {}, scene.batch.clock).look().stuck is None


def test_what_batch_has_forgotten_is_told_by_the_ledger(scene):
    scene.submit()
    scene.sleep(600)  # nobody watched; the containers wrote their ends themselves
    scene.sleep(8 * 86400)
    assert scene.batch.jobs == {}
    code, lines = watched(scene)
    assert (code, lines[-1]) == (0, f"{scene.run} succeeded")


def test_an_end_that_nobody_wrote_down_and_batch_has_forgotten_is_said_so(scene):
    scene.batch.scripts = {"fetch": [machine_lost()]}
    scene.submit()
    scene.sleep(8 * 86400)
    code, lines = watched(scene)
    assert code == 1
    assert lines[-1].endswith(f"AWS Batch has forgotten it: dmpworks runs reconcile {scene.run} --repair")


def test_a_job_sent_just_now_that_batch_does_not_tell_of_yet_is_no_forgotten_one(scene):
    scene.submit()
    jobs, scene.batch.jobs = scene.batch.jobs, {}
    watching = Watch(scene.ledger, scene.batch, {}, scene.batch.clock)
    assert [row.status for row in watching.look().rows] == ["pending", "pending"]
    scene.batch.jobs = jobs
    assert watched(scene)[0] == 0


def test_a_submission_that_broke_off_ends_the_watch_with_what_to_do(scene):
    plan = scene.plan()
    with hold(scene.bucket, "letters", "batch-submit"):
        scene.ledger.append(
            Planned(at=scene.batch.now, by="ada@laptop", submission=1, where="batch", jobs=plan.asked, skipped={},
                    settings=plan.settings, version="0")
        )  # fmt: skip
        watching = Watch(scene.ledger, scene.batch, {}, scene.batch.clock)
        assert watching.look().code is None  # whoever holds the lock is still at it
    code, lines = watched(scene)
    assert code == 1
    assert lines[-1].endswith(f"nobody is working on it: dmpworks runs resume {scene.run}")


def test_a_terminated_job_makes_the_run_cancelled(scene):
    ids = scene.submit()
    scene.sleep(60)
    scene.batch.terminate_job(jobId=ids[0], reason="from the console")
    code, lines = watched(scene)
    assert (code, lines[-2:]) == (4, [f"{scene.run} was cancelled", f"  next: dmpworks runs resume {scene.run}"])
    assert scene.statuses() == {"fetch": "cancelled", "count": "skipped"}
