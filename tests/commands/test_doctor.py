"""`dmpworks doctor [CHAIN]`: everything that a submission needs, looked at without submitting it."""

import json

import boto3
import msgspec
import pytest

from dmpworks.batch.preflight.checks import good
from dmpworks.batch.preflight.probe import answer_key, probe_from_container
from dmpworks.cli import main
from dmpworks.errors import TemporaryError
from dmpworks.runs.ledger.locks import hold
from dmpworks.services.storage import open_bucket
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution, Fault, image_not_pulled, throttled
from tests.batch.test_requests import values_for
from tests.jobs.sample import CHAIN


def checked(arguments, capsys, code=0):
    """Return the checks by name, each verdict and what was seen."""
    if code:
        with pytest.raises(SystemExit) as caught:
            main(["doctor", *arguments, "--json"])
        assert caught.value.code == code
    else:
        main(["doctor", *arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    return {each["name"]: (each["verdict"], each["said"]) for each in found}


@pytest.fixture
def ror(monkeypatch, batch_account, s3_bucket):
    """An account and an environment in which ror can be submitted."""
    monkeypatch.setenv("BUCKET_NAME", s3_bucket)
    monkeypatch.setenv("ROR_RUN_ID", "2026-10-01")
    monkeypatch.setenv("ROR_DOWNLOAD_URL", "https://example.org/ror.zip")
    return s3_bucket


def test_a_chain_that_can_be_submitted(ror, capsys):
    found = checked(["ror"], capsys)
    assert {verdict for verdict, _ in found.values()} == {"ok", "warning"}
    assert list(found) == [
        "names of settings",
        "AWS account",
        "queue dmpworks-dev",
        "job definition",
        "image",
        "settings of ror download",
        "settings of ror transform",
        "bucket",
        "live run of ror",
    ]
    assert found["AWS account"] == ("ok", "account 123456789012, keys of the environment, region us-east-1")
    assert found["job definition"] == ("ok", "dmpworks-dev:2")
    assert boto3.client("batch").list_jobs(jobQueue="dmpworks-dev", jobStatus="SUCCEEDED")["jobSummaryList"] == []
    assert open_bucket(ror, "us-east-1").list("") == []


def test_all_failures_are_told_at_once(ror, monkeypatch, capsys):
    monkeypatch.setenv("ROR_DOWNLOD_URL", "x")
    monkeypatch.setenv("ROR_START_JOB", "transform")
    boto3.client("batch").update_job_queue(jobQueue="dmpworks-dev", state="DISABLED")
    with hold(open_bucket(ror, "us-east-1"), "ror", "a test"):
        found = checked(["ror"], capsys, code=2)
    failed = {name for name, (verdict, _) in found.items() if verdict == "failed"}
    assert failed == {
        "names of settings",
        "queue dmpworks-dev",
        "input ror/2026-10-01/download",
        "live run of ror",
    }


def test_missing_settings_do_not_hide_the_rest(ror, monkeypatch, capsys):
    monkeypatch.delenv("ROR_DOWNLOAD_URL")
    found = checked(["ror"], capsys, code=2)
    assert found["settings of ror"][1].startswith("ROR_DOWNLOAD_URL is not set")
    assert found["bucket"][0] == "ok"
    assert found["queue dmpworks-dev-large"][0] == "ok"


def test_a_bucket_that_does_not_exist_hides_nothing_else(ror, monkeypatch, capsys):
    changes = {"BUCKET_NAME": "nowhere", "BATCH_QUEUE": "nowhere", "BATCH_JOB_DEFINITION": "nowhere:3", "ROR_HAHS": "x"}
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ROR_RUN_ID")
    found = checked(["ror"], capsys, code=2)
    failed = [name for name, (verdict, _) in found.items() if verdict == "failed"]
    assert failed == ["names of settings", "settings of ror", "bucket", "queue nowhere", "job definition"]


def test_every_wrong_setting_is_told_at_once_and_where_it_can_be_set(ror, monkeypatch, capsys):
    monkeypatch.delenv("BUCKET_NAME")
    monkeypatch.setenv("ENV", "test")
    monkeypatch.setenv("ROR_RUN_ID", "October")
    with pytest.raises(SystemExit):
        main(["doctor", "ror", "--json"])
    check = json.loads(capsys.readouterr().out)[1]
    assert check["said"].startswith("ENV cannot be 'test'; ROR_RUN_ID cannot be 'October'; BUCKET_NAME is not set")
    assert check["next"].endswith("give BUCKET_NAME (a text)")  # the doctor has no option for it


def test_a_size_that_no_request_may_have(ror, monkeypatch, capsys):
    monkeypatch.setenv("ROR_DOWNLOAD_VCPUS", "0")
    found = checked(["ror"], capsys, code=2)
    assert found["settings of ror"][1].endswith("(download: less than 1 vCPU)")
    assert found["bucket"][0] == "ok"


def test_without_a_chain_what_all_share_is_checked(ror, capsys):
    assert list(checked([], capsys)) == [
        "names of settings",
        "AWS account",
        "queue dmpworks-dev",
        "queue dmpworks-dev-large",
        "job definition",
        "image",
        "bucket",
    ]


def test_the_hint_of_each_failure_is_printed(ror, monkeypatch, capsys):
    monkeypatch.setenv("BATCH_JOB_DEFINITION", "nowhere")
    with pytest.raises(SystemExit):
        main(["doctor", "ror"])
    out, err = capsys.readouterr()
    assert "job definition: register it, or set BATCH_JOB_DEFINITION" in out.splitlines()
    assert err.splitlines()[-3] == "failed: a check failed: job definition"


def test_without_credentials_that_is_told_and_the_rest_is_tried(monkeypatch, capsys):
    monkeypatch.setenv("BUCKET_NAME", "my-bucket")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BATCH", "http://127.0.0.1:9")
    found = checked([], capsys, code=2)
    assert found["bucket"][1].startswith("there are no AWS credentials")
    assert found["AWS Batch"][0] == "failed"


def test_with_a_folder_what_runs_here_is_checked(planted, monkeypatch, capsys):
    monkeypatch.setenv("BUCKET_NAME", planted.name)
    monkeypatch.setenv("DMPS_RUN_ID", "2026-10-01")
    monkeypatch.setenv("PROCESS_DMPS_RUN_ID", "2026-10-01")
    found = checked(["process-dmps"], capsys)
    assert found["search engine"] == ("ok", "embedded: a folder of the bucket")
    assert found["input dmps/2026-10-01/download"][0] == "ok"
    monkeypatch.setenv("DMPS_RUN_ID", "2026-11-01")
    assert checked(["process-dmps"], capsys, code=2)["input dmps/2026-11-01/download"][0] == "failed"


# from a container


def test_from_here_the_servers_are_asked(bucket, monkeypatch, capsys):
    monkeypatch.setenv("BUCKET_NAME", bucket.name)
    monkeypatch.setenv("SEARCH_ENGINE", "opensearch")
    monkeypatch.setenv("OPENSEARCH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DMP_DATABASE_URL", f"sqlite:///{bucket.root}/dmps.sqlite")
    found = checked(["process-dmps", "--here", "--answer", "abc"], capsys, code=2)
    assert found["search engine"][1].startswith("OpenSearch does not answer")
    assert found["database"] == ("ok", "it answers")
    left = json.loads(bucket.get(answer_key("abc")))
    assert [check["name"] for check in left] == ["bucket", "search engine", "database"]


class Seeing:
    """A container that leaves its answer, as `doctor CHAIN --here --answer TOKEN` does."""

    def __init__(self, bucket):
        self.bucket = bucket

    def __call__(self, batch, job, moment, exit_code):
        command = job.request["containerOverrides"]["command"]
        assert command[:4] == ["doctor", "letters", "--here", "--json"]
        if moment == "started":
            self.bucket.put(answer_key(command[-1]), msgspec.json.encode([good("bucket", "as seen")]))


def look(batch, bucket):
    return probe_from_container(batch, bucket, CHAIN, values_for(), "dmpworks-dev:2", batch.sleep)


def test_a_tiny_job_tells_what_it_saw_and_leaves_nothing(bucket):
    batch = FakeBatch(scripts={"": [Execution(container=Seeing(bucket))]})
    (check,) = look(batch, bucket)
    assert (check.name, check.verdict, check.said) == ("bucket, from a container", "ok", "as seen")
    assert bucket.list("") == []
    (job,) = batch.jobs.values()
    assert job.name.startswith("dmpworks-dev-doctor-letters-")
    assert {"name": "LETTERS_SOURCE", "value": "abc"} in job.request["containerOverrides"]["environment"]


def test_a_tiny_job_that_never_began_says_why(bucket):
    batch = FakeBatch(scripts={"": [image_not_pulled()]})
    (check,) = look(batch, bucket)
    assert check.verdict == "failed"
    assert "CannotPullContainerError: pull access denied" in check.said
    assert check.next.startswith("its container never began")


def test_a_tiny_job_without_machine_is_taken_back(bucket):
    batch = FakeBatch(stuck={"dmpworks-dev": "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"})
    (check,) = look(batch, bucket)
    assert "had no machine after 30 minutes" in check.said
    batch.sleep(10)
    assert not any(job.live for job in batch.jobs.values())


@pytest.mark.parametrize(
    ("error", "told"), [(KeyboardInterrupt(), KeyboardInterrupt), (throttled("DescribeJobs"), TemporaryError)]
)
def test_an_interrupted_look_ends_its_job(bucket, error, told):
    batch = FakeBatch(faults=[Fault("DescribeJobs", error, after=1, times=99)])
    with pytest.raises(told):
        look(batch, bucket)
    batch.faults.clear()
    batch.sleep(10)
    assert not any(job.live for job in batch.jobs.values())
