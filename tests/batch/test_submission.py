"""Submission: jobs in order, each written down; and what happens when AWS refuses one of them."""

import shutil

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError

from dmpworks.batch.clients import batch_client
from dmpworks.batch.definition import find_definition
from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.errors import SubmitError
from dmpworks.runs.ledger.events import Planned, Submitted, Withdrawn
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger
from dmpworks.services.storage import open_bucket
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import NO_ANSWER, Fault, denied, expired, refused, throttled
from tests.batch.sending import AGAIN, DISABLED, RUN, live, names, send
from tests.batch.test_requests import plan_for

FETCH, COUNT = "2026-10-01-fetch", "2026-10-01-count"


def test_jobs_are_submitted_in_order_each_after_the_one_before(batch_account, s3_bucket):
    client, bucket = batch_client("us-east-1"), open_bucket(s3_bucket, "us-east-1")
    plan = plan_for(definition=find_definition(client, "dmpworks-dev").name)
    with hold(bucket, "letters", "a test") as held:
        sent = submit(SubmissionContext(client, Ledger(bucket, RUN), held), plan, AGAIN)
    jobs = {job["jobId"]: job for job in boto3.client("batch").describe_jobs(jobs=[each.id for each in sent])["jobs"]}
    first, second = (jobs[each.id] for each in sent)
    assert [first["jobName"], second["jobName"]] == [
        "dmpworks-dev-letters-2026-10-01-fetch",
        "dmpworks-dev-letters-2026-10-01-count",
    ]
    assert [entry["jobId"] for entry in second["dependsOn"]] == [sent[0].id]
    assert first["jobDefinition"].endswith("dmpworks-dev:2")


def test_the_ledger_tells_what_is_sent_before_and_after_it_is(bucket):
    batch = FakeBatch()
    sent = send(batch, bucket, plan_for(LETTERS_PASSWORD="hunter2"), image="sha256:abc")
    planned, *submitted = Ledger(bucket, RUN).events()
    assert isinstance(planned, Planned)
    assert (planned.submission, planned.where, list(planned.jobs)) == (1, "batch", ["fetch", "count"])
    assert planned.jobs["count"].memory == 250_880
    assert (planned.definition, planned.image) == ("dmpworks-dev:7", "sha256:abc")
    assert planned.settings["LETTERS_SOURCE"] == "abc"
    assert "hunter2" not in repr(planned)
    assert [(event.job, event.id, event.adopted) for event in submitted] == [tuple(each) for each in sent]
    assert Ledger(bucket, RUN).state().status == "running"


def test_a_refused_second_job_withdraws_the_first_and_says_so(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", DISABLED, after=1)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    (first,) = batch.jobs
    assert caught.value.what == "AWS Batch refused letters 2026-10-01 count"
    assert caught.value.on == f"count: queue is disabled; submitted and withdrawn: fetch ({first})"
    assert caught.value.next == f"fix the cause, then: {AGAIN}"
    assert caught.value.exit_code == 1
    batch.sleep(10)
    assert live(batch) == []
    assert isinstance(Ledger(bucket, RUN).events()[-1], Withdrawn)
    assert Ledger(bucket, RUN).state().status == "incomplete"


def test_a_job_that_cannot_be_withdrawn_is_named(bucket):
    down = refused("TerminateJob", "ClientException", "no")
    batch = FakeBatch(faults=[Fault("SubmitJob", DISABLED, after=1), Fault("TerminateJob", down)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    (first,) = batch.jobs
    assert f"STILL ALIVE: fetch ({first}); to end them: dmpworks runs cancel letters/2026-10-01" in caught.value.on
    assert not [event for event in Ledger(bucket, RUN).events() if isinstance(event, Withdrawn)]


def test_a_refused_first_job_leaves_nothing(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", DISABLED)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    assert "submitted and withdrawn: nothing" in caught.value.on
    assert names(batch) == []


NO_NETWORK = EndpointConnectionError(endpoint_url="https://batch")


@pytest.mark.parametrize(
    ("error", "what", "next_step", "code"),
    [
        (expired("SubmitJob"), "the AWS credentials have expired", "aws sso login", 1),
        (
            refused("SubmitJob", "UnrecognizedClientException", "who?"),
            "AWS does not know these credentials",
            "AWS_PROFILE",
            1,
        ),
        (denied("SubmitJob"), "lack a permission", "ask for batch:SubmitJob", 1),
        (refused("SubmitJob", "AccessDeniedException", "no"), "lack a permission", "ask for batch:SubmitJob", 1),
        (throttled("SubmitJob"), "AWS is throttled", "wait a minute", 75),
        (NoCredentialsError(), "there are no AWS credentials", "set AWS_PROFILE and run aws sso login", 1),
        (refused("SubmitJob", "ServerException", "down"), "AWS failed while answering", "wait a minute", 75),
    ],
)
def test_every_refusal_says_what_and_what_next_and_withdraws(bucket, error, what, next_step, code):
    batch = FakeBatch(faults=[Fault("SubmitJob", error, after=1, times=9)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    (first,) = batch.jobs
    assert what in caught.value.what
    assert caught.value.on.startswith("count: ") and f"submitted and withdrawn: fetch ({first})" in caught.value.on
    assert next_step in caught.value.next
    assert caught.value.next.endswith(f"then: {AGAIN}")
    assert caught.value.exit_code == code


def test_what_was_throttled_goes_through_a_little_later(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", throttled("SubmitJob"), after=1, times=3)])
    begun = batch.now
    send(batch, bucket)
    assert names(batch) == [FETCH, COUNT]
    assert (batch.now - begun).total_seconds() >= 7
    assert batch.names("SubmitJob").count("dmpworks-dev-letters-2026-10-01-count") == 4


def test_a_throttled_withdrawal_goes_through_a_little_later(bucket):
    faults = [Fault("SubmitJob", DISABLED, after=1), Fault("TerminateJob", throttled("TerminateJob"), times=2)]
    batch = FakeBatch(faults=faults)
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    assert "STILL ALIVE" not in caught.value.on
    batch.sleep(10)
    assert live(batch) == []


@pytest.mark.parametrize("error", [NO_ANSWER, refused("SubmitJob", "InternalFailure", "?")])
@pytest.mark.parametrize("place", [0, 1])
def test_a_lost_answer_never_doubles_a_job(bucket, error, place):
    batch = FakeBatch(faults=[Fault("SubmitJob", error, after=place, acted=True)])
    sent = send(batch, bucket)
    assert names(batch) == [FETCH, COUNT]
    assert [each.id for each in sent] == list(batch.jobs)
    assert [event.id for event in Ledger(bucket, RUN).events()[1:]] == list(batch.jobs)
    batch.sleep(300)
    assert [job.status for job in batch.jobs.values()] == ["SUCCEEDED", "SUCCEEDED"]


def test_a_request_that_never_arrived_is_sent_again(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", NO_ANSWER, after=1)])
    send(batch, bucket)
    assert names(batch) == [FETCH, COUNT]


def test_a_network_that_is_cut_midway_says_what_is_alive(bucket):
    batch = FakeBatch(faults=[Fault(None, ConnectTimeoutError(endpoint_url="https://batch"), after=3, times=99)])
    # two questions for twins (a listing in each queue), the first job, then nothing any more
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    (first,) = batch.jobs
    assert caught.value.what == "letters 2026-10-01 count was not submitted: AWS cannot be reached"
    assert f"STILL ALIVE: fetch ({first})" in caught.value.on
    assert "AWS gave no answer, it may have taken dmpworks-dev-letters-2026-10-01-count" in caught.value.on
    assert caught.value.exit_code == 75
    batch.faults.clear()
    sent = send(batch, bucket)  # the same command once more adopts what lives
    assert [each.adopted for each in sent] == [True, False]
    assert names(batch) == [FETCH, COUNT]


def test_an_interrupted_submission_withdraws_what_was_sent(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", KeyboardInterrupt(), after=1)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    assert caught.value.what == "interrupted while submitting count"
    assert caught.value.exit_code == 130
    batch.sleep(10)
    assert live(batch) == []


def test_an_interrupted_submission_withdraws_the_job_whose_answer_it_did_not_hear(bucket):
    batch = FakeBatch(faults=[Fault("SubmitJob", KeyboardInterrupt(), after=1, acted=True)])
    with pytest.raises(SubmitError) as caught:
        send(batch, bucket)
    first, second = batch.jobs
    assert f"submitted and withdrawn: fetch ({first}), count ({second})" in caught.value.on
    assert batch.names("TerminateJob")[0].endswith("count")  # tail first
    batch.sleep(30)
    assert live(batch) == []


def test_a_lock_that_was_lost_stops_and_leaves_the_jobs_to_who_holds_it(bucket):
    batch = FakeBatch()
    with hold(bucket, "letters", "a test") as held:
        context = SubmissionContext(batch, Ledger(bucket, RUN), Overtaken(held, bucket), batch.sleep)
        with pytest.raises(SubmitError) as caught:
            submit(context, plan_for(), AGAIN)
    (first,) = batch.jobs
    assert caught.value.what == "the lock of the chain was lost"
    assert f"submitted and not withdrawn: fetch ({first})" in caught.value.on
    assert caught.value.next.endswith("then go on: dmpworks runs resume letters/2026-10-01")
    assert live(batch) == [FETCH]


class Overtaken:
    """A lock that somebody else takes over after the first job."""

    def __init__(self, held, bucket) -> None:
        self.held, self.bucket, self.checks = held, bucket, 0

    def check(self) -> None:
        self.checks += 1
        if self.checks == 2:
            self.held.release()
            from dmpworks.runs.ledger.locks import take

            take(self.bucket, "letters", "another test")
        self.held.check()


def test_a_job_that_ends_before_it_is_written_down_is_no_contradiction(bucket):
    batch = FakeBatch()
    ledger = Ledger(bucket, RUN)
    with hold(bucket, "letters", "a test") as held:
        submit(SubmissionContext(Quick(batch, ledger), ledger, held, batch.sleep), plan_for(), AGAIN)
    state = ledger.state()
    assert [job.status for job in state.current] == ["succeeded", "succeeded"]
    assert [job.id for job in state.current] == list(batch.jobs)
    assert isinstance(ledger.events()[-1], Submitted)


class Quick:
    """An AWS Batch whose jobs are done before it answers."""

    def __init__(self, batch, ledger) -> None:
        self.batch, self.ledger = batch, ledger

    def __getattr__(self, name):
        return getattr(self.batch, name)

    def submit_job(self, **request):
        from dmpworks.runs.ledger.events import Ended, Started

        answer, job = self.batch.submit_job(**request), request["parameters"]["job"]
        about = {"at": self.batch.now, "by": "container", "job": job, "attempt": answer["jobId"]}
        self.ledger.append(Started(**about, id=answer["jobId"]))
        self.ledger.append(Ended(**about, outcome="succeeded"))
        return answer


def test_a_bucket_that_is_lost_midway_does_not_hide_what_is_alive(bucket):
    batch = FakeBatch()
    with pytest.raises(SubmitError) as caught:
        send(Losing(batch, bucket), bucket)
    (first,) = batch.jobs
    assert caught.value.what == "the folder could not be used as a bucket"
    assert "submitting fetch: " in caught.value.on
    assert f"submitted and not withdrawn: fetch ({first})" in caught.value.on


class Losing:
    """An AWS Batch that answers while the bucket goes away."""

    def __init__(self, batch, bucket) -> None:
        self.batch, self.bucket = batch, bucket

    def __getattr__(self, name):
        return getattr(self.batch, name)

    def submit_job(self, **request):
        shutil.rmtree(self.bucket.root)
        self.bucket.root.write_text("no folder any more")
        return self.batch.submit_job(**request)
