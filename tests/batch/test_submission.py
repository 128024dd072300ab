"""Submission: real calls against moto, and what happens when AWS refuses one of them."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from dmpworks.batch.submit import batch_client, pinned_definition, submit
from dmpworks.errors import PreflightError, SubmitError, TemporaryError
from tests.batch.test_requests import plan_for

AGAIN = "dmpworks batch-submit letters --start-job=fetch"


def refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "SubmitJob")


DISABLED = refusal("ClientException", "queue is disabled")


class RefusingBatch:
    """A client of AWS Batch that refuses the nth submission and remembers every call."""

    def __init__(self, refuse: int, terminate_works: bool = True, error: BaseException = DISABLED) -> None:
        self.refuse, self.terminate_works, self.error, self.calls = refuse, terminate_works, error, []

    def submit_job(self, **request):
        self.calls.append(("submit", request["jobName"]))
        if len(self.calls) == self.refuse:
            raise self.error
        return {"jobId": f"id-{len(self.calls)}"}

    def terminate_job(self, jobId, reason):
        self.calls.append(("terminate", jobId))
        if not self.terminate_works:
            raise ClientError({"Error": {"Code": "ServerException", "Message": "down"}}, "TerminateJob")
        return {}


def test_jobs_are_submitted_in_order_each_after_the_one_before(batch_account):
    client = batch_client("us-east-1")
    ids = submit(client, plan_for(definition=pinned_definition(client, "dmpworks-dev")), AGAIN)
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
    arn = "arn:aws:batch:us-east-1:123456789012:job-definition/dmpworks-dev"
    assert pinned_definition(client, arn) == f"{arn}:2"
    with pytest.raises(PreflightError) as caught:
        pinned_definition(client, "dmpworks-prod")
    assert caught.value.what == "there is no active job definition of this name"


def test_a_refused_second_job_withdraws_the_first_and_says_so():
    client = RefusingBatch(refuse=2)
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for(), AGAIN)
    assert client.calls[-1] == ("terminate", "id-1")
    assert caught.value.what == "AWS Batch refused letters 2026-10-01 count"
    assert "queue is disabled; submitted and withdrawn: fetch (id-1)" in caught.value.on
    assert caught.value.next == f"mend the cause, then: {AGAIN}"


def test_a_job_that_cannot_be_withdrawn_is_named():
    with pytest.raises(SubmitError) as caught:
        submit(RefusingBatch(refuse=2, terminate_works=False), plan_for(), AGAIN)
    assert "STILL ALIVE, terminate by hand: fetch (id-1)" in caught.value.on


def test_a_refused_first_job_leaves_nothing():
    client = RefusingBatch(refuse=1)
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for(), AGAIN)
    assert "submitted and withdrawn: nothing" in caught.value.on
    assert client.calls == [("submit", "dmpworks-dev-letters-2026-10-01-fetch")]


@pytest.mark.parametrize(
    ("error", "what", "next_step"),
    [
        (refusal("ExpiredTokenException", "too old"), "the AWS credentials have expired", "aws sso login"),
        (refusal("UnrecognizedClientException", "who?"), "or AWS does not know them", "aws sso login"),
        (refusal("AccessDeniedException", "no"), "do not have the right", "batch:SubmitJob"),
        (refusal("TooManyRequestsException", "slow down"), "AWS Batch is throttled", "wait a minute"),
        (NoCredentialsError(), "there are no AWS credentials", "aws sso login"),
        (EndpointConnectionError(endpoint_url="https://batch"), "AWS Batch refused letters", "mend the cause"),
    ],
)
def test_every_refusal_says_what_and_what_next_and_withdraws(error, what, next_step):
    client = RefusingBatch(refuse=2, error=error)
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for(), AGAIN)
    assert what in caught.value.what
    assert caught.value.on.startswith("count: ") and "submitted and withdrawn: fetch (id-1)" in caught.value.on
    assert next_step in caught.value.next
    assert caught.value.next.endswith(f"then: {AGAIN}")


def test_an_interrupted_submission_withdraws_what_was_sent():
    client = RefusingBatch(refuse=2, error=KeyboardInterrupt())
    with pytest.raises(SubmitError) as caught:
        submit(client, plan_for(), AGAIN)
    assert client.calls[-1] == ("terminate", "id-1")
    assert caught.value.what == "interrupted while submitting count"
    assert caught.value.on.endswith("look in dmpworks-dev-large for dmpworks-dev-letters-2026-10-01-count")


class ThrottledBatch:
    """A client of AWS Batch that never describes anything."""

    def get_paginator(self, name):
        raise refusal("TooManyRequestsException", "slow down")


def test_a_throttled_question_is_worth_another_attempt():
    with pytest.raises(TemporaryError) as caught:
        pinned_definition(ThrottledBatch(), "dmpworks-dev")
    assert "AWS Batch is throttled" in caught.value.what
    assert "job definition dmpworks-dev" in caught.value.on
