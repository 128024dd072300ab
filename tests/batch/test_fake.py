"""The fake AWS Batch behaves as the facts page says: else what is tested on it proves nothing."""

import pytest
from botocore.exceptions import ClientError

from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import NO_ANSWER, Execution, Fault, image_not_pulled, machine_lost, throttled
from tests.batch.fake_stored import StoredBatch


def request(name: str, *after: str, queue: str = "dmpworks-dev", **more: object) -> dict[str, object]:
    given = {"jobName": name, "jobQueue": queue, "jobDefinition": "dmpworks-dev:2", **more}
    return given | ({"dependsOn": [{"jobId": id} for id in after]} if after else {})


def submitted(batch: FakeBatch, name: str, *after: str, **more: object) -> str:
    return batch.submit_job(**request(name, *after, **more))["jobId"]


def status(batch: FakeBatch, id: str) -> str:
    (job,) = batch.describe_jobs(jobs=[id])["jobs"]
    return job["status"]


def test_a_dependent_waits_through_all_retries_of_its_parent():
    batch = FakeBatch(scripts={"one": [machine_lost(), machine_lost(), Execution()]})
    one = submitted(batch, "one", retryStrategy={"attempts": 3})
    two = submitted(batch, "two", one)
    seen = []
    for _ in range(80):
        batch.sleep(5)
        seen.append((status(batch, one), status(batch, two)))
    before = [second for first, second in seen if first != "SUCCEEDED"]
    assert set(before) == {"PENDING"}
    assert seen[-1] == ("SUCCEEDED", "SUCCEEDED")


def test_a_failure_runs_down_the_chain_and_the_dependents_never_had_an_attempt():
    batch = FakeBatch(scripts={"one": [Execution(exit_code=1)]})
    one = submitted(batch, "one")
    two = submitted(batch, "two", one)
    three = submitted(batch, "three", two)
    batch.sleep(300)
    jobs = batch.describe_jobs(jobs=[one, two, three])["jobs"]
    assert [job["status"] for job in jobs] == ["FAILED"] * 3
    assert [len(job["attempts"]) for job in jobs] == [1, 0, 0]
    assert "exitCode" not in jobs[1]["container"] and "logStreamName" not in jobs[1]["container"]


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        ([], 3),  # what no rule matches is tried again
        ([{"onExitCode": "75", "action": "RETRY"}], 3),
        ([{"onReason": "*", "action": "EXIT"}], 1),
        ([{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 1),
        ([{"onExitCode": "1", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 3),
    ],
)
def test_retries_go_by_the_first_rule_that_matches(rules, attempts):
    batch = FakeBatch(scripts={"one": [Execution(exit_code=1)]})
    one = submitted(batch, "one", retryStrategy={"attempts": 3, "evaluateOnExit": rules})
    batch.sleep(600)
    assert len(batch.describe_jobs(jobs=[one])["jobs"][0]["attempts"]) == attempts


def test_a_job_that_takes_too_long_is_not_tried_again():
    batch = FakeBatch(scripts={"one": [Execution(seconds=1000)]})
    one = submitted(batch, "one", timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3})
    batch.sleep(600)
    (job,) = batch.describe_jobs(jobs=[one])["jobs"]
    assert (job["status"], job["statusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert len(job["attempts"]) == 1


def test_a_container_that_never_started_has_no_log():
    batch = FakeBatch(scripts={"one": [image_not_pulled()]})
    one = submitted(batch, "one")
    batch.sleep(100)
    (job,) = batch.describe_jobs(jobs=[one])["jobs"]
    assert job["statusReason"] == "Task failed to start"
    assert "logStreamName" not in job["container"]


def test_a_termination_takes_time_and_waits_for_what_a_pending_job_depends_on():
    batch = FakeBatch(scripts={"one": [Execution(seconds=100)]})
    one = submitted(batch, "one")
    two = submitted(batch, "two", one)
    batch.sleep(60)
    batch.terminate_job(jobId=two, reason="no more")
    assert (status(batch, one), status(batch, two)) == ("RUNNING", "PENDING")
    batch.sleep(30)
    assert status(batch, two) == "PENDING"
    batch.sleep(60)
    assert (status(batch, one), status(batch, two)) == ("SUCCEEDED", "FAILED")
    assert batch.describe_jobs(jobs=[two])["jobs"][0]["statusReason"] == "no more"


def test_cancelling_does_nothing_to_a_running_job_terminating_does():
    batch = FakeBatch(scripts={"one": [Execution(seconds=1000)]})
    one = submitted(batch, "one")
    batch.sleep(60)
    batch.cancel_job(jobId=one, reason="no more")
    batch.sleep(60)
    assert status(batch, one) == "RUNNING"
    batch.terminate_job(jobId=one, reason="no more")
    batch.sleep(60)
    assert status(batch, one) == "FAILED"


def test_only_the_head_of_a_stuck_queue_is_told_why():
    batch = FakeBatch(stuck={"dmpworks-dev": "UNDETERMINED - blocked"})
    ids = [submitted(batch, "one"), submitted(batch, "two")]
    batch.sleep(60)
    jobs = batch.describe_jobs(jobs=ids)["jobs"]
    assert [(job["status"], job.get("statusReason")) for job in jobs] == [
        ("RUNNABLE", "UNDETERMINED - blocked"),
        ("RUNNABLE", None),
    ]
    front = batch.get_job_queue_snapshot(jobQueue="dmpworks-dev")["frontOfQueue"]["jobs"]
    assert [each["jobArn"].rsplit("/")[-1] for each in front] == ids


def test_ended_jobs_are_forgotten_after_seven_days():
    batch = FakeBatch()
    one = submitted(batch, "one")
    batch.sleep(6 * 86400)
    assert status(batch, one) == "SUCCEEDED"
    batch.sleep(2 * 86400)
    assert batch.describe_jobs(jobs=[one])["jobs"] == []


def test_a_listing_with_a_name_tells_every_state_without_only_what_runs():
    batch = FakeBatch()
    submitted(batch, "dmpworks-a-one")
    submitted(batch, "dmpworks-b-one")
    batch.sleep(300)
    named = [{"name": "JOB_NAME", "values": ["dmpworks-a-*"]}]
    found = batch.list_jobs(jobQueue="dmpworks-dev", filters=named)["jobSummaryList"]
    assert [each["jobName"] for each in found] == ["dmpworks-a-one"]
    assert batch.list_jobs(jobQueue="dmpworks-dev")["jobSummaryList"] == []
    pages = list(
        batch.get_paginator("list_jobs").paginate(jobQueue="dmpworks-dev", jobStatus="SUCCEEDED", maxResults=1)
    )
    assert [len(page["jobSummaryList"]) for page in pages] == [1, 1]


def test_calls_fail_as_told_and_a_lost_answer_leaves_a_job():
    batch = FakeBatch(faults=[Fault("SubmitJob", throttled("SubmitJob")), Fault("SubmitJob", NO_ANSWER, acted=True)])
    with pytest.raises(ClientError, match="TooManyRequests"):
        submitted(batch, "one")
    assert batch.jobs == {}
    with pytest.raises(type(NO_ANSWER)):
        submitted(batch, "one")
    assert [job.name for job in batch.jobs.values()] == ["one"]


def test_what_the_real_client_refuses_the_fake_refuses():
    with pytest.raises(AssertionError, match="jobDefinition"):
        FakeBatch().submit_job(jobName="one", jobQueue="dmpworks-dev")
    with pytest.raises(ClientError, match="not found"):
        submitted(FakeBatch(), "one", queue="no-such-queue")
    with pytest.raises(ClientError, match="scheduling policy"):
        submitted(FakeBatch(), "one", shareIdentifier="a")


def test_several_processes_share_a_stored_one(tmp_path):
    path = tmp_path / "batch"
    id = StoredBatch.create(path, FakeBatch()).submit_job(**request("one"))["jobId"]
    StoredBatch(path).sleep(300)
    assert StoredBatch(path).describe_jobs(jobs=[id])["jobs"][0]["status"] == "SUCCEEDED"
    assert [name for name, _ in StoredBatch(path).load().calls] == ["SubmitJob", "DescribeJobs"]
