"""The ledger against AWS Batch: what nobody wrote down, what AWS has forgotten, and what must not be touched."""

from datetime import timedelta

import pytest

from dmpworks.batch.monitor.reconcile import FORGOTTEN, Deployment, inspect, repair
from dmpworks.runs.ledger.events import Observed, Planned, Submitted
from dmpworks.runs.ledger.store import Ledger, RunName
from tests.batch.fake_jobs import Execution, machine_lost
from tests.batch.scene import Scene

QUEUES = ("dmpworks-dev", "dmpworks-dev-large", "a-queue-that-is-not-there")
WEEK = 8 * 24 * 3600


def deployment(scene: Scene) -> Deployment:
    return Deployment(scene.batch, "dev", QUEUES, "my-bucket")


def found(scene: Scene, alone: bool = True) -> list[tuple[str, bool]]:
    findings = inspect(scene.ledger, deployment(scene), scene.batch.clock(), "ada@laptop", alone=alone)
    return [(each.kind, each.repairable) for each in findings]


def repaired(scene: Scene) -> list[tuple[str, bool]]:
    return [
        (each.kind, each.repaired)
        for each in repair(scene.ledger, deployment(scene), scene.batch.clock(), "ada@laptop")
    ]


def forget(scene: Scene, *kinds: type) -> None:
    """Take the last events away, as if their writer had been killed before; all of these kinds."""
    for number, event in reversed(list(enumerate(scene.ledger.events(), 1))):
        if not isinstance(event, kinds):
            break
        scene.bucket.delete([scene.ledger.key(number)])
    scene.ledger = Ledger(scene.bucket, scene.ledger.run)


def quiet(scene: Scene) -> None:
    """Let no container tell anything."""
    for executions in scene.batch.scripts.values():
        for each in executions:
            each.container = None


def test_a_run_in_order(scene):
    scene.submit()
    assert found(scene) == []
    scene.sleep(600)
    assert scene.statuses() == {"fetch": "succeeded", "count": "succeeded"}
    assert found(scene) == []


@pytest.mark.parametrize("lost", [1, 2])
def test_jobs_that_were_sent_and_not_written_down(scene, lost):
    ids = scene.submit()
    for number in range(3, 3 - lost, -1):
        scene.bucket.delete([scene.ledger.key(number)])
    scene.ledger = Ledger(scene.bucket, scene.ledger.run)
    assert found(scene) == [("unrecorded job", True)] * lost
    assert repaired(scene) == [("unrecorded job", True)] * lost
    assert [job.id for job in scene.ledger.state().current] == ids
    assert scene.statuses() == {"fetch": "submitted", "count": "submitted"}
    assert found(scene) == []
    assert len(scene.batch.jobs) == 2


def test_a_job_that_was_sent_ran_and_ended_unseen(scene):
    quiet(scene)
    scene.submit()
    forget(scene, Submitted)
    scene.sleep(600)
    assert repaired(scene) == [("unrecorded job", True)] * 2 + [("lost end", True)] * 2
    assert scene.statuses() == {"fetch": "succeeded", "count": "succeeded"}


def test_a_run_whose_ledger_is_gone(scene):
    ids = scene.submit()
    forget(scene, Submitted, Planned)
    assert scene.ledger.events() == []
    assert repaired(scene) == [("unrecorded job", True)] * 3
    state = scene.ledger.state()
    assert [job.id for job in state.current] == ids
    assert state.newest.definition == "dmpworks-dev:2"
    assert state.newest.settings["LETTERS_SOURCE"] == "abc"
    assert [job.request.vcpus for job in state.current] == [2, 32]


def test_an_end_that_nobody_wrote_down(scene):
    quiet(scene)
    scene.does("fetch", Execution(exit_code=1, container=lambda *told: None))
    scene.submit()
    scene.sleep(600)
    assert scene.statuses() == {"fetch": "submitted", "count": "submitted"}
    assert repaired(scene) == [("lost end", True)] * 2
    assert scene.statuses() == {"fetch": "failed", "count": "skipped"}
    assert scene.ledger.state().jobs["fetch"].exit_code == 1


def test_a_machine_that_was_lost_is_counted(scene):
    quiet(scene)
    silent = {"container": lambda *told: None}
    lost = machine_lost()
    lost.container = silent["container"]
    scene.does("fetch", lost, Execution(**silent))
    scene.submit()
    scene.sleep(900)
    repaired(scene)
    tries = scene.ledger.state().jobs["fetch"].batch_attempts
    assert [one.exit_code for one in tries] == [None, 0]


def test_what_aws_batch_has_forgotten_failed(scene):
    quiet(scene)
    scene.submit()
    scene.sleep(WEEK + 600)
    assert scene.batch.jobs == {}
    assert repaired(scene) == [("forgotten job", True)] * 2
    assert scene.statuses() == {"fetch": "failed", "count": "skipped"}
    job = scene.ledger.state().jobs["fetch"]
    assert job.reason == FORGOTTEN
    assert scene.batch.clock() - job.ended > timedelta(days=8)  # the last sign of it, not the moment of the repair


def test_a_job_that_aws_batch_should_know(scene):
    scene.submit()
    scene.sleep(3600)
    quiet(scene)
    scene.submit()  # a second submission
    scene.sleep(600)
    scene.batch.jobs.clear()  # another account, another region
    assert found(scene) == [("unknown job", False)]
    assert repaired(scene) == [("unknown job", False)]
    assert scene.statuses() == {"fetch": "submitted", "count": "submitted"}


def test_a_second_live_job_of_the_same_name(scene):
    scene.submit()
    request = next(iter(scene.batch.jobs.values())).request
    scene.batch.submit_job(**request)
    (double,) = inspect(scene.ledger, deployment(scene), scene.batch.clock(), "ada@laptop", alone=True)
    assert (double.kind, double.repairable) == ("unrecorded job", False)
    assert "aws batch terminate-job --job-id 00000000-0000-4000-8000-000000000003" in double.next


def test_a_job_that_goes_on_though_the_ledger_says_it_ended(scene):
    quiet(scene)
    scene.does("fetch", Execution(seconds=9000, container=lambda *told: None))
    (id, _) = scene.submit()
    scene.sleep(60)
    at = scene.batch.clock()
    scene.ledger.append(Observed(at=at, by="bob@desk", job="fetch", state="failed", id=id))
    assert ("contradiction", False) not in found(scene)  # AWS may be slow to tell
    scene.sleep(600)
    assert ("contradiction", False) in found(scene)


def test_nothing_is_judged_while_somebody_is_at_work(scene):
    scene.submit()
    forget(scene, Submitted)
    assert found(scene, alone=False) == []


def test_jobs_of_another_deployment_are_not_ours(scene):
    scene.submit(ENV="stage", BATCH_QUEUE="dmpworks-dev", BATCH_QUEUE_LARGE="dmpworks-dev-large")
    assert deployment(scene).runs == set()


def test_runs_are_known_from_aws(scene):
    scene.submit()
    assert deployment(scene).runs == {RunName("letters", "2026-10-01")}


def test_a_submission_that_broke_off_is_told(scene):
    plan = scene.plan()
    at = scene.batch.clock() - timedelta(hours=1)
    event = Planned(
        at=at, by="ada@laptop", submission=1, where="batch", jobs=plan.asked, skipped={}, settings={}, version="1"
    )
    scene.ledger.append(event)
    (told,) = inspect(scene.ledger, deployment(scene), scene.batch.clock(), "ada@laptop", alone=True)
    assert (told.kind, told.next) == ("broken off", "dmpworks runs resume letters/2026-10-01")


def test_jobs_of_other_buckets_are_skipped_and_counted(scene):
    """Two developers share an environment name: the jobs of the one are nothing to the ledger of the other."""
    scene.submit()
    scene.sleep(600)
    other = Deployment(scene.batch, "dev", QUEUES, "another-bucket")
    assert (other.runs, other.skipped) == (set(), {"my-bucket": 2})
    assert (deployment(scene).runs, deployment(scene).skipped) == ({scene.ledger.run}, {})
    forget(scene, object)
    assert repair(scene.ledger, other, scene.batch.clock(), "ada@laptop") == []
    assert scene.ledger.events() == []
