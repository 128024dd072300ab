"""Submission: real calls against moto, and what happens when AWS refuses one of them."""

import boto3
import pytest
from botocore.exceptions import ClientError

from dmpworks.batch.submit import batch_client, pinned_definition, submit
from dmpworks.errors import PreflightError, SubmitError
from tests.batch.test_requests import plan_for


class RefusingBatch:
    """A client of AWS Batch that refuses the nth submission and remembers every call."""

    def __init__(self, refuse: int, terminate_works: bool = True) -> None:
        self.refuse, self.terminate_works, self.calls = refuse, terminate_works, []

    def submit_job(self, **request):
        self.calls.append(("submit", request["jobName"]))
        if len(self.calls) == self.refuse:
            raise ClientError({"Error": {"Code": "ClientException", "Message": "queue is disabled"}}, "SubmitJob")
        return {"jobId": f"id-{len(self.calls)}"}

    def terminate_job(self, jobId, reason):
        self.calls.append(("terminate", jobId))
        if not self.terminate_works:
            raise ClientError({"Error": {"Code": "ServerException", "Message": "down"}}, "TerminateJob")
        return {}


def test_jobs_are_submitted_in_order_each_after_the_one_before(batch_account):
    client = batch_client("us-east-1")
    ids = submit(client, plan_for(definition=pinned_definition(client, "dmpworks-dev")))
    jobs = {job["jobId"]: job for job in boto3.client("batch").describe_jobs(jobs=ids)["jobs"]}
    first, second = (jobs[id] for id in ids)
    assert [first["jobName"], second["jobName"]] == [
        "dmpworks-dev-letters-2026-10-01-fetch",
        "dmpworks-dev-letters-2026-10-01-count",
    ]
    assert [entry["jobId"] for entry in second["dependsOn"]] == [ids[0]]
    assert first["jobDefinition"].endswith("dmpworks-dev:2")


def test_the_definition_is_pinned_to_its_newest_revision(batch_account):
    client = batch_client("us-east-1")
    assert pinned_definition(client, "dmpworks-dev") == "dmpworks-dev:2"
    assert pinned_definition(client, "dmpworks-dev:1") == "dmpworks-dev:1"
    with pytest.raises(PreflightError) as caught:
        pinned_definition(client, "dmpworks-prod")
    assert caught.value.what == "there is no active job definition of this name"


def test_a_refused_second_job_withdraws_the_first_and_says_so():
    client = RefusingBatch(refuse=2)
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for())
    assert client.calls[-1] == ("terminate", "id-1")
    assert caught.value.what == "AWS Batch refused letters 2026-10-01 count"
    assert "queue is disabled; submitted and withdrawn: fetch (id-1)" in caught.value.on
    assert caught.value.next.endswith("--start-job fetch")


def test_a_job_that_cannot_be_withdrawn_is_named():
    with pytest.raises(SubmitError) as caught:
        submit(RefusingBatch(refuse=2, terminate_works=False), plan_for())
    assert "STILL ALIVE, terminate by hand: fetch (id-1)" in caught.value.on


def test_a_refused_first_job_leaves_nothing():
    client = RefusingBatch(refuse=1)
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for())
    assert "submitted and withdrawn: nothing" in caught.value.on
    assert client.calls == [("submit", "dmpworks-dev-letters-2026-10-01-fetch")]
