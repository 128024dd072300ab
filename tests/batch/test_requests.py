"""The plan of a submission: exact requests, every limit of AWS Batch checked before the first call."""

import json

import pytest

from dmpworks.batch.limits import broken_limits
from dmpworks.batch.plan import make_plan
from dmpworks.errors import SubmitError
from dmpworks.jobs.settings import Sources, resolve
from dmpworks.jobs.wiring import submit_settings
from tests.jobs.sample import CHAIN

ENVIRON = {"BUCKET_NAME": "my-bucket", "LETTERS_RUN_ID": "2026-10-01", "LETTERS_SOURCE": "abc"}


def plan_for(jobs=CHAIN.jobs, definition="dmpworks-dev:7", **environ):
    wanted = [setting for setting in submit_settings(CHAIN) if not setting.secret]
    values = resolve(wanted, Sources({}, ENVIRON | environ, {}, ""), CHAIN.prefix)
    return make_plan(CHAIN, jobs, values, definition)


def test_the_requests_of_a_chain_exactly():
    fetch, count = plan_for().requests()
    assert count == {
        "jobName": "dmpworks-dev-letters-2026-10-01-count",
        "jobQueue": "dmpworks-dev-large",
        "jobDefinition": "dmpworks-dev:7",
        "dependsOn": [{"jobId": "<id of fetch>"}],
        "parameters": {"env": "dev", "chain": "letters", "run_id": "2026-10-01", "job": "count"},
        "tags": {"project": "dmpworks", "env": "dev", "chain": "letters", "run_id": "2026-10-01", "job": "count"},
        "propagateTags": True,
        "retryStrategy": {
            "attempts": 3,
            "evaluateOnExit": [
                {"onStatusReason": "Host EC2*", "action": "RETRY"},
                {"onStatusReason": "Task failed to start*", "action": "RETRY"},
                {"onReason": "CannotPull*", "action": "RETRY"},
                {"onExitCode": "75", "action": "RETRY"},
                {"onReason": "*", "action": "EXIT"},
            ],
        },
        "timeout": {"attemptDurationSeconds": 86400},
        "containerOverrides": {
            "command": ["aws-batch", "letters", "count"],
            "environment": [
                {"name": "BUCKET_NAME", "value": "my-bucket"},
                {"name": "ENV", "value": "dev"},
                {"name": "LETTERS_RUN_ID", "value": "2026-10-01"},
                {"name": "LETTERS_COUNT_CASE", "value": "false"},
            ],
            "resourceRequirements": [{"type": "VCPU", "value": "32"}, {"type": "MEMORY", "value": "250880"}],
        },
    }
    assert "dependsOn" not in fetch
    assert fetch["jobQueue"] == "dmpworks-dev"


def test_secrets_are_in_no_request():
    assert "hunter2" not in json.dumps(plan_for(LETTERS_PASSWORD="hunter2").requests())


def test_a_start_job_leaves_out_what_comes_before():
    plan = plan_for(CHAIN.from_job("count"))
    assert (plan.jobs, plan.skipped) == (("count",), ("fetch",))
    assert "dependsOn" not in plan.requests()[0]


def test_queues_can_be_named():
    fetch, count = plan_for(BATCH_QUEUE="small", BATCH_QUEUE_LARGE="big").requests()
    assert (fetch["jobQueue"], count["jobQueue"]) == ("small", "big")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"jobName": "-begins with a hyphen"}, "job name"),
        ({"jobName": "x" * 129}, "job name"),
        ({"dependsOn": [{"jobId": str(number)} for number in range(21)]}, "more than 20 dependencies"),
        ({"retryStrategy": {"attempts": 11, "evaluateOnExit": []}}, "attempts are 11"),
        ({"retryStrategy": {"attempts": 1, "evaluateOnExit": [{}] * 6}}, "more than 5 retry rules"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "time-out under 60 s"),
        ({"tags": {str(number): "" for number in range(51)}}, "more than 50 tags"),
        ({"parameters": {"text": "x" * 30 * 1024}}, "larger than 30720 bytes"),
        ({"containerOverrides": {"command": [""], "environment": []}}, "empty text"),
        (
            {"containerOverrides": {"command": ["a"], "environment": [{"name": "AWS_BATCH_X", "value": ""}]}},
            "AWS_BATCH_X is a name reserved by AWS",
        ),
    ],
)
def test_every_limit_is_known(change, words):
    request = plan_for().requests()[0]
    assert broken_limits(request) == []
    (broken,) = broken_limits(request | change)
    assert words in broken


def test_a_broken_limit_stops_before_any_call():
    with pytest.raises(SubmitError) as caught:
        plan_for(LETTERS_SOURCE="x" * 31_000)
    assert caught.value.what == "AWS Batch would refuse fetch"
    assert "larger than 30720 bytes" in caught.value.on
