"""Why a job waits for a machine: AWS's reason in words, its place, the machines, and what to do."""

from datetime import timedelta

import pytest

from dmpworks.batch.compute import memory_of, queues_named
from dmpworks.batch.describe import describe
from dmpworks.batch.monitor.stuck import MEANINGS, Stuck, diagnose
from tests.batch.fake_jobs import Fault, Queue, denied
from tests.batch.scene import Scene

WAITED = timedelta(minutes=7)


def waiting(scene: Scene, reason: str | None = None, ahead: int = 0) -> Stuck:
    scene.batch.queues["dmpworks-dev"].slots = 0
    for number in range(ahead):
        scene.batch.submit_job(jobName=f"other-{number}", jobQueue="dmpworks-dev", jobDefinition="other:1")
    if reason:
        scene.batch.stuck["dmpworks-dev"] = reason
    id = scene.submit()[0]
    scene.batch.sleep(30)
    return diagnose(scene.batch, describe(scene.batch, [id])[id], "fetch", WAITED)


@pytest.mark.parametrize("code", MEANINGS)
def test_every_reason_of_aws_is_decoded(scene, code):
    stuck = waiting(scene, f"{code} - in AWS's own words")
    assert (stuck.what, stuck.next) == MEANINGS[code]
    assert stuck.misconfigured == code.startswith("MISCONFIGURATION")
    assert stuck.lines() == [
        f"fetch has been waiting for 7 min for a machine in dmpworks-dev, position 1 in the queue: {stuck.what}",
        f"  AWS says: {code} - in AWS's own words",
        "  machines: machines: ENABLED, VALID, at most 256 vCPUs of optimal",
        f"  next: {stuck.next}",
    ]


def test_a_misconfiguration_that_aws_invents_later_is_one_too(scene):
    stuck = waiting(scene, "MISCONFIGURATION:SOMETHING_NEW - do this")
    assert stuck.misconfigured
    assert stuck.reason == "MISCONFIGURATION:SOMETHING_NEW - do this"


def test_the_position_behind_other_jobs_is_shown(scene):
    stuck = waiting(scene, ahead=2)
    assert (stuck.place, stuck.what) == (3, "other jobs are ahead of it in the queue")
    assert "position 3 in the queue" in stuck.lines()[0]


def test_machines_that_are_switched_off_are_a_misconfiguration(scene):
    scene.batch.environments["machines"] = {"state": "DISABLED"}
    stuck = waiting(scene)
    assert stuck.misconfigured
    assert stuck.what == "no compute environment of its queue is usable"
    assert stuck.machines == ("machines: DISABLED, VALID, at most 256 vCPUs of optimal (ComputeEnvironment Healthy)",)


def test_one_of_several_compute_environments_is_enough(scene):
    scene.batch.environments = {"machines": {"status": "INVALID", "statusReason": "no such subnet"}, "spare": {}}
    scene.batch.queues["dmpworks-dev"] = Queue(environments=("machines", "spare"))
    stuck = waiting(scene)
    assert not stuck.misconfigured
    assert stuck.machines[0].endswith("(no such subnet)")


def test_an_invalid_queue_is_a_misconfiguration_a_disabled_one_still_runs_what_it_has(scene):
    stuck = waiting(scene)
    scene.batch.queues["dmpworks-dev"].state = "DISABLED"
    job = next(iter(scene.batch.jobs))
    assert not diagnose(scene.batch, describe(scene.batch, [job])[job], "fetch", WAITED).misconfigured
    scene.batch.queues["dmpworks-dev"].status = "INVALID"
    stuck = diagnose(scene.batch, describe(scene.batch, [job])[job], "fetch", WAITED)
    assert (stuck.misconfigured, stuck.what) == (True, "its queue is not valid")


def test_what_we_may_not_ask_is_told_as_not_known(scene):
    for operation in ("DescribeJobQueues", "GetJobQueueSnapshot"):
        scene.batch.faults.append(Fault(operation, denied(operation)))
    stuck = waiting(scene, "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none")
    assert stuck.place is None
    assert stuck.machines[0].startswith("unknown: ")
    assert "no free machine of the allowed instance types" in stuck.what


@pytest.mark.parametrize(
    ("name", "gib"), [("r6i.8xlarge", 256), ("m5.large", 8), ("c7g.xlarge", 8), ("optimal", None), ("r6i", None)]
)
def test_the_memory_of_an_instance_is_read_off_its_name(name, gib):
    assert memory_of(name) == (None if gib is None else int(gib * 1024 * 0.96))


def test_a_queue_knows_its_largest_machine_only_if_all_types_tell(scene):
    scene.batch.environments["machines"] = {"computeResources": compute("r6i.4xlarge", "r6i.8xlarge")}
    assert queues_named(scene.batch, ["dmpworks-dev"])["dmpworks-dev"].largest == int(256 * 1024 * 0.96)
    scene.batch.environments["machines"] = {"computeResources": compute("r6i.4xlarge", "optimal")}
    assert queues_named(scene.batch, ["dmpworks-dev"])["dmpworks-dev"].largest is None


def compute(*types: str) -> dict[str, object]:
    return {"type": "EC2", "maxvCpus": 256, "instanceTypes": list(types), "subnets": []}
