"""Twins: what is live already is adopted when it asks for the very same, and in the way otherwise."""

from dataclasses import replace

import pytest

from dmpworks.batch.preflight.resources import check_live_run
from dmpworks.errors import PreflightError, TemporaryError
from dmpworks.runs.ledger.store import Ledger
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Fault, Queue, throttled
from tests.batch.sending import RUN, names, send
from tests.batch.test_requests import plan_for
from tests.jobs.sample import CHAIN

LATER = plan_for(CHAIN.from_job("count"))


def refused(batch, bucket, plan=None, **more):
    before = Ledger(bucket, RUN).events()
    with pytest.raises(PreflightError) as caught:
        send(batch, bucket, plan, **more)
    assert Ledger(bucket, RUN).events() == before  # nothing was begun
    return caught.value


def end(batch, status):
    """End the first job, a moment before AWS Batch looks at what depends on it."""
    job = batch.job("fetch")
    job.status, job.ended = status, batch.now


@pytest.mark.parametrize("status", ["SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"])
def test_a_live_twin_is_adopted_in_any_state(bucket, status):
    batch = FakeBatch()
    sent = send(batch, bucket)
    while batch.job("fetch").status != status:
        batch.sleep(1)
    again = send(batch, bucket)
    assert [(each.id, each.adopted) for each in again] == [(each.id, True) for each in sent]
    assert len(names(batch)) == 2
    assert [job.id for job in Ledger(bucket, RUN).state().current] == [each.id for each in sent]


@pytest.mark.parametrize("change", [{"LETTERS_SOURCE": "xyz"}, {"LETTERS_FETCH_MEMORY": "8192"}])
def test_a_twin_of_another_request_is_refused(bucket, change):
    batch = FakeBatch()
    send(batch, bucket)
    error = refused(batch, bucket, plan_for(**change))
    assert error.what == "this job is live already, with other settings"
    assert "dmpworks runs cancel letters/2026-10-01, then this again" in error.next


def test_a_live_job_is_found_although_the_settings_name_other_queues_since(bucket):
    batch = FakeBatch()
    batch.queues["other"] = Queue()
    send(batch, bucket)
    for plan in (plan_for(BATCH_QUEUE="other", BATCH_QUEUE_LARGE="other"), plan_for(LETTERS_RUN_ID="2026-11-01")):
        moved = replace(plan, queues=("other",))
        assert check_live_run(batch, bucket, moved).verdict == ("warning" if plan.run == RUN else "failed")
        with pytest.raises(PreflightError):
            send(batch, bucket, moved)
    assert len(names(batch)) == 2


def test_a_queue_that_was_removed_has_no_jobs(bucket):
    batch = FakeBatch()
    batch.queues["old"] = Queue()
    send(batch, bucket, plan_for(BATCH_QUEUE="old", BATCH_QUEUE_LARGE="old"))
    batch.sleep(600)
    del batch.queues["old"]
    assert [each.adopted for each in send(batch, bucket)] == [False, False]


def test_a_listing_that_is_throttled_is_asked_for_again(bucket):
    batch = FakeBatch(faults=[Fault("ListJobs", throttled("ListJobs"), times=4)])
    assert len(send(batch, bucket)) == 2
    batch.faults.append(Fault("ListJobs", throttled("ListJobs"), times=5))
    with pytest.raises(TemporaryError):
        send(batch, bucket)


def test_a_twin_of_another_definition_is_refused(bucket):
    batch = FakeBatch()
    send(batch, bucket)
    assert "other settings" in refused(batch, bucket, plan_for(definition="dmpworks-dev:8")).what


def test_a_later_start_is_refused_while_an_earlier_job_is_live(bucket):
    batch = FakeBatch()
    send(batch, bucket)
    assert refused(batch, bucket, LATER).what == "a job of this run is live that is not to be submitted now"


def test_a_job_that_waited_for_one_that_is_done_is_adopted_as_the_first(bucket):
    batch = FakeBatch()
    _, count = send(batch, bucket)
    batch.sleep(5)
    end(batch, "SUCCEEDED")
    assert batch.job("count").status == "PENDING"  # AWS Batch has not noticed yet
    (adopted,) = send(batch, bucket, LATER)
    assert (adopted.id, adopted.adopted) == (count.id, True)


def test_a_running_later_job_is_in_the_way_of_an_earlier_one(bucket):
    batch = FakeBatch()
    send(batch, bucket)
    while batch.job("count").status != "RUNNING":
        batch.sleep(1)
    assert refused(batch, bucket).what == "a job of this run is live that does not wait for the one before it"


def test_jobs_that_are_about_to_fail_are_waited_for(bucket):
    batch = FakeBatch()
    send(batch, bucket)
    batch.sleep(5)
    end(batch, "FAILED")
    assert batch.job("count").status == "PENDING"  # AWS Batch will end it
    sent = send(batch, bucket)
    assert [each.adopted for each in sent] == [False, False]
    assert batch.job("count").request["dependsOn"] == [{"jobId": sent[0].id}]


def test_jobs_that_are_being_cancelled_are_waited_for(bucket):
    batch = FakeBatch()
    for each in reversed(send(batch, bucket)):
        batch.terminate_job(jobId=each.id, reason="a test")
    sent = send(batch, bucket)
    assert [each.adopted for each in sent] == [False, False]


def test_the_first_job_depends_on_what_other_chains_do(bucket):
    batch = FakeBatch()
    other = batch.submit_job(jobName="other", jobQueue="dmpworks-dev", jobDefinition="dmpworks-dev")["jobId"]
    sent = send(batch, bucket, after=[other])
    assert batch.job("fetch").request["dependsOn"] == [{"jobId": other}]
    assert send(batch, bucket, after=[other])[0] == (*sent[0][:2], True)
    assert refused(batch, bucket).what == "a job of this run is live that does not wait for the one before it"
    batch.sleep(120)
    assert batch.job("fetch").status in ("STARTING", "RUNNING", "RUNNABLE")  # the other one is done
    assert send(batch, bucket)[0].id == sent[0].id


def test_jobs_of_another_deployment_or_chain_are_nobodys_twins(bucket):
    batch = FakeBatch()
    for name in ("dmpworks-prod-letters-2026-10-01-fetch", "dmpworks-dev-letters2-2026-10-01-fetch"):
        batch.submit_job(jobName=name, jobQueue="dmpworks-dev", jobDefinition="dmpworks-dev")
    assert [each.adopted for each in send(batch, bucket)] == [False, False]
