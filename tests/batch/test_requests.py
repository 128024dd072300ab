"""The plan of a submission: exact requests, every limit of AWS Batch checked before the first call."""

import json
import re

import pytest

from dmpworks.batch.preflight.probe import probe_request
from dmpworks.batch.submission.limits import broken_limits
from dmpworks.batch.submission.plan import make_plan
from dmpworks.errors import PreflightError
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import submit_settings
from dmpworks.settings.declare import Secret
from dmpworks.settings.resolve import Resolved, Sources, resolve
from tests.jobs.sample import CHAIN

ENVIRON = {"BUCKET_NAME": "my-bucket", "LETTERS_RUN_ID": "2026-10-01", "LETTERS_SOURCE": "abc"}


def values_for(**environ):
    wanted = [setting for setting in submit_settings(CHAIN) if not setting.secret]
    return resolve(wanted, Sources({}, ENVIRON | environ, {}, ""), CHAIN.prefix)


def plan_for(jobs=CHAIN.jobs, definition="dmpworks-dev:7", skipped=None, **environ):
    return make_plan(CHAIN, jobs, values_for(**environ), definition, skipped)


def test_the_requests_of_a_chain_exactly():
    fetch, count = plan_for().requests()
    digest = count["parameters"].pop("request")
    assert re.fullmatch("[0-9a-f]{16}", digest)
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
    values = values_for() | Resolved({"LETTERS_PASSWORD": Secret("hunter2")})
    plan = make_plan(CHAIN, CHAIN.jobs, values, "dmpworks-dev:7")
    assert plan == plan_for()
    tiny = probe_request(CHAIN, values, "dmpworks-dev:7", "token")
    assert "LETTERS_SOURCE" in json.dumps(tiny)
    assert "LETTERS_PASSWORD" not in json.dumps([tiny, *plan.requests(), plan.settings])


def test_a_start_job_leaves_out_what_comes_before():
    plan = plan_for(CHAIN.from_job("count"), skipped={"fetch": "it is complete"})
    assert (plan.jobs, plan.skipped) == (("count",), {"fetch": "it is complete"})
    assert "dependsOn" not in plan.requests()[0]


def test_queues_can_be_named():
    fetch, count = plan_for(BATCH_QUEUE="small", BATCH_QUEUE_LARGE="big").requests()
    assert (fetch["jobQueue"], count["jobQueue"]) == ("small", "big")


def sizes(vcpus, memory):
    asked = [{"type": "VCPU", "value": str(vcpus)}, {"type": "MEMORY", "value": str(memory)}]
    return {"containerOverrides": {"command": ["a"], "environment": [], "resourceRequirements": asked}}


def test_sizes_can_be_changed_a_job():
    fetch, count = plan_for(
        LETTERS_COUNT_MEMORY="8192", LETTERS_COUNT_VCPUS="4", LETTERS_FETCH_TIMEOUT="600"
    ).requests()
    assert count["containerOverrides"]["resourceRequirements"] == [
        {"type": "VCPU", "value": "4"},
        {"type": "MEMORY", "value": "8192"},
    ]
    assert fetch["timeout"] == {"attemptDurationSeconds": 600}
    assert count["jobQueue"] == "dmpworks-dev-large"  # the queue is the job's, whatever its size


def test_a_share_identifier_is_sent_only_when_it_is_set():
    assert "shareIdentifier" not in plan_for().requests()[0]
    shared = plan_for(BATCH_SHARE_IDENTIFIER="library").requests()[0]
    assert (shared["shareIdentifier"], shared["schedulingPriorityOverride"]) == ("library", 0)


def test_a_job_that_is_not_repeatable_has_one_attempt():
    chain = Chain("letters", Job(CHAIN.jobs[0].function, attempts=1, repeatable=False))
    (request,) = make_plan(chain, chain.jobs, values_for(), "d:1").requests()
    assert request["retryStrategy"]["attempts"] == 1


@pytest.mark.parametrize(
    "change",
    [{"LETTERS_COUNT_CASE": "true"}, {"LETTERS_COUNT_MEMORY": "8192"}, {"BATCH_QUEUE_LARGE": "big"}],
)
def test_the_digest_of_a_request_tells_what_was_asked_for(change):
    before, after = plan_for(), plan_for(**change)
    assert plan_for() == before
    digests = [[draft["parameters"]["request"] for draft in plan.drafts] for plan in (before, after)]
    assert digests[0][0] == digests[1][0]
    assert digests[0][1] != digests[1][1]


def test_what_is_recorded_is_enough_to_ask_for_the_same():
    plan = plan_for(LETTERS_COUNT_ONLY="a,b", LETTERS_COUNT_MEMORY="8192", LETTERS_PASSWORD="hunter2")
    assert "LETTERS_PASSWORD" not in plan.settings
    assert "LETTERS_START_JOB" not in plan.settings
    assert plan_for(**plan.settings) == plan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"jobName": "-begins with a hyphen"}, "job name"),
        ({"jobName": "x" * 129}, "job name"),
        ({"dependsOn": [{"jobId": str(number)} for number in range(21)]}, "more than 20 dependencies"),
        ({"retryStrategy": {"attempts": 11, "evaluateOnExit": []}}, "attempts are 11"),
        ({"retryStrategy": {"attempts": 1, "evaluateOnExit": [{}] * 6}}, "more than 5 retry rules"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "time-out under 60 s"),
        (sizes(0, 4096), "less than 1 vCPU"),
        (sizes(1, 3), "less than 4 MiB of memory"),
        ({"tags": {str(number): "" for number in range(51)}}, "more than 50 tags"),
        ({"parameters": {"text": "x" * 30 * 1024}}, "larger than 30720 bytes"),
        ({"containerOverrides": {"command": [""], "environment": []}}, "empty text"),
        (
            {"containerOverrides": {"command": ["a"], "environment": [{"name": "X", "value": "x" * 8192}]}},
            "ECS allows 8,192; the longest setting is X (8,192 characters)",
        ),
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
    with pytest.raises(PreflightError) as caught:
        plan_for(LETTERS_SOURCE="x" * 31_000, LETTERS_COUNT_VCPUS="0", LETTERS_COUNT_MEMORY="3")
    assert caught.value.what == "AWS Batch would refuse fetch, count of letters/2026-10-01"
    assert caught.value.on == (
        "fetch: the container overrides have 31,301 characters, ECS allows 8,192; the longest setting is "
        "LETTERS_SOURCE (31,000 characters); fetch: the request is larger than 30720 bytes; count: less than 1 vCPU; "
        "count: less than 4 MiB of memory"
    )
