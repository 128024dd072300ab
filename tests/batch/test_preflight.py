"""Before a submission: everything that AWS and the bucket can tell is looked at, and all failures are told at once."""

from types import SimpleNamespace

import pytest

from dmpworks.batch.definition import Definition, find_definition, find_image
from dmpworks.batch.preflight.checks import require
from dmpworks.batch.preflight.required import check_required_settings
from dmpworks.batch.preflight.resources import check_bucket, check_definition, check_live_run, check_queues
from dmpworks.catalog import chain_named
from dmpworks.errors import PreflightError, TemporaryError
from dmpworks.runs.ledger.locks import hold
from dmpworks.settings.resolve import Resolved
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import ARN, NO_ANSWER, Fault, Queue, denied, expired, refused, throttled
from tests.batch.sending import send
from tests.batch.test_requests import plan_for

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dmpworks"
DIGEST = "sha256:" + "a" * 64


class FakeEcr:
    """The registry of images: `latest` is there, or every question is answered with an error."""

    def __init__(self, error=None, region="us-east-1"):
        self.error, self.asked, self.meta = error, [], SimpleNamespace(region_name=region)

    def describe_images(self, **request):
        self.asked.append(request)
        if self.error:
            raise self.error
        return {"imageDetails": [{"imageDigest": DIGEST}]}


def resources(vcpus, *types):
    return {"type": "EC2", "maxvCpus": vcpus, "instanceTypes": [*types], "subnets": []}


def queues(batch, plan=None, share=None):
    plan = plan or plan_for()
    return check_queues(batch, plan.queues, plan.asked, share)


def failed(checks):
    return {check.name: check.said for check in checks if check.verdict == "failed"}


# queues and machines


def test_queues_that_work_say_what_machines_they_have():
    small, large = queues(FakeBatch())
    assert (small.name, small.verdict) == ("queue dmpworks-dev", "ok")
    assert large.said == "machines: ENABLED, VALID, at most 256 vCPUs of optimal"


@pytest.mark.parametrize(
    ("queue", "said"),
    [
        (Queue(state="DISABLED"), "it is DISABLED, VALID"),
        (Queue(status="INVALID"), "it is ENABLED, INVALID"),
        (Queue(environments=()), "no machine can start: it has no compute environment"),
    ],
)
def test_a_queue_that_does_not_work(queue, said):
    batch = FakeBatch()
    batch.queues["dmpworks-dev"] = queue
    assert failed(queues(batch)) == {"queue dmpworks-dev": said}


def test_a_queue_may_be_given_as_arn():
    arn = f"{ARN}:job-queue/dmpworks-dev"
    plan = plan_for(BATCH_QUEUE=arn)
    checks = queues(FakeBatch(), plan)
    assert failed(checks) == {}
    assert f"queue {arn}" in [check.name for check in checks]


def test_a_queue_that_does_not_exist():
    assert failed(queues(FakeBatch(queues={"dmpworks-dev": Queue()}))) == {
        "queue dmpworks-dev-large": "it does not exist"
    }


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"state": "DISABLED"}, "no machine can start: machines: DISABLED"),
        ({"status": "INVALID", "statusReason": "CLIENT_ERROR - no role"}, "CLIENT_ERROR - no role"),
        ({"computeResources": resources(16)}, "count asks for 32 vCPUs and 250,880 MiB: too large for machines"),
        ({"computeResources": resources(256, "m6i.8xlarge", "c6i.16xlarge")}, "too large for machines"),
    ],
)
def test_machines_that_cannot_take_a_job(environment, said):
    batch = FakeBatch(environments={"machines": environment})
    assert said in failed(queues(batch))["queue dmpworks-dev-large"]


def test_the_large_job_fits_the_instance_that_it_is_made_for():
    made_for = {"computeResources": resources(64, "r6i.8xlarge")}
    assert failed(queues(FakeBatch(environments={"machines": made_for}))) == {}


def test_one_of_several_compute_environments_is_enough():
    batch = FakeBatch(environments={"small": {"state": "DISABLED"}, "machines": {}})
    batch.queues["dmpworks-dev-large"] = Queue(environments=("small", "machines"))
    assert failed(queues(batch)) == {}


def test_a_fair_queue_wants_a_share_identifier_and_others_refuse_it(bucket):
    batch = FakeBatch()
    assert failed(queues(batch, share="library")) == {
        "share": "dmpworks-dev, dmpworks-dev-large has no fair-share policy and would refuse library"
    }
    batch.queues = {name: Queue(fair_share=True) for name in batch.queues}
    assert failed(queues(batch)) == {"share": "dmpworks-dev, dmpworks-dev-large has a fair-share policy"}
    assert failed(queues(batch, share="library")) == {}
    assert len(send(batch, bucket, plan_for(BATCH_SHARE_IDENTIFIER="library"))) == 2


def test_what_these_credentials_may_not_ask_is_said_and_stops_nothing():
    batch = FakeBatch(faults=[Fault("DescribeJobQueues", denied("DescribeJobQueues"))])
    (check,) = queues(batch)
    assert check.verdict == "warning"
    assert check.next == "ask for batch:DescribeJobQueues"
    require([check])


@pytest.mark.parametrize(
    ("error", "kind"), [(expired("DescribeJobQueues"), PreflightError), (throttled("x"), TemporaryError)]
)
def test_where_no_question_is_answered_none_more_is_asked(error, kind):
    with pytest.raises(kind):
        queues(FakeBatch(faults=[Fault("DescribeJobQueues", error)]))


# job definition and image


def test_the_definition_is_pinned_to_its_newest_revision(batch_account):
    from dmpworks.batch.clients import batch_client

    client = batch_client("us-east-1")
    assert find_definition(client, "dmpworks-dev").name == "dmpworks-dev:2"
    assert find_definition(client, "dmpworks-dev:1").name == "dmpworks-dev:1"
    arn = "arn:aws:batch:us-east-1:123456789012:job-definition/dmpworks-dev"
    assert find_definition(client, arn).name == f"{arn}:2"
    assert find_definition(client, arn).image == "dmpworks:latest"
    with pytest.raises(PreflightError) as caught:
        find_definition(client, "dmpworks-prod")
    assert caught.value.what == "there is no active job definition of this name"


def test_a_revision_that_is_no_longer_active_is_refused():
    batch = FakeBatch(definitions=[{"revision": 1, "status": "INACTIVE"}, {"revision": 2}])
    assert find_definition(batch, "dmpworks-dev").name == "dmpworks-dev:2"
    outcome = check_definition(batch, FakeEcr(), "dmpworks-dev:1")
    assert failed(outcome.checks) == {
        "job definition": "this revision of the job definition is not active (dmpworks-dev:1)"
    }
    assert outcome.definition is None


def test_a_throttled_question_is_worth_another_attempt():
    error = throttled("DescribeJobDefinitions")
    batch = FakeBatch(faults=[Fault("DescribeJobDefinitions", error)])
    with pytest.raises(TemporaryError) as caught:
        find_definition(batch, "dmpworks-dev")
    assert "AWS is throttled" in caught.value.what
    assert "job definition dmpworks-dev" in caught.value.on


@pytest.mark.parametrize(
    ("reference", "id"),
    [
        (f"{ECR}:1.2", {"imageTag": "1.2"}),
        (ECR, {"imageTag": "latest"}),
        (f"{ECR}@{DIGEST}", {"imageDigest": DIGEST}),
    ],
)
def test_the_digest_of_an_image_is_asked_of_its_registry(reference, id):
    ecr = FakeEcr()
    assert find_image(ecr, reference).digest == DIGEST
    assert ecr.asked == [{"registryId": "123456789012", "repositoryName": "dmpworks", "imageIds": [id]}]


def definition(image):
    return {"revision": 3, "containerProperties": {"image": image}}


def test_an_image_that_is_gone_fails():
    gone = refused("DescribeImages", "ImageNotFoundException", "no such image")
    outcome = check_definition(FakeBatch(definitions=[definition(f"{ECR}:1.2")]), FakeEcr(gone), "dmpworks-dev")
    assert failed(outcome.checks) == {"image": f"the image does not exist ({ECR}:1.2)"}


@pytest.mark.parametrize(
    ("image", "ecr", "why"),
    [
        ("ghcr.io/x/dmpworks:1", FakeEcr(), "it does not lie in ECR"),
        (ECR, FakeEcr(region="eu-west-1"), "it is in another region"),
        (ECR, FakeEcr(denied("DescribeImages")), "these AWS credentials lack a permission: ask for"),
        (ECR, FakeEcr(throttled("DescribeImages")), "AWS is throttled"),
        (ECR, FakeEcr(NO_ANSWER), "AWS cannot be reached"),
    ],
)
def test_a_digest_that_cannot_be_known_is_a_warning(image, ecr, why):
    outcome = check_definition(FakeBatch(definitions=[definition(image)]), ecr, "dmpworks-dev")
    assert [check.verdict for check in outcome.checks] == ["ok", "warning"]
    assert why in outcome.checks[1].said


# bucket, settings, live runs


def test_a_bucket_is_tried_and_left_as_it_was(bucket):
    assert check_bucket(bucket).verdict == "ok"
    assert list(bucket.root.iterdir()) == []


def test_a_bucket_that_cannot_be_written_fails(bucket):
    bucket.root.rmdir()
    bucket.root.write_text("no folder any more")
    check = check_bucket(bucket)
    assert check.verdict == "failed"
    assert "the folder could not be used as a bucket" in check.said


VALUES = {"SEARCH_ENGINE": None, "OPENSEARCH_AUTH": "none", "OPENSEARCH_URL": "https://search"}
SUPPLIED = Definition("d:1", "image", frozenset(["DMP_DATABASE_URL"]))


def demanded(values, supplied=SUPPLIED, chain="process-dmps"):
    found = chain_named(chain)
    return failed(check_required_settings(found, found.jobs, Resolved(VALUES | values), supplied))


def test_jobs_that_have_all_they_demand():
    assert demanded({}) == {}


def test_a_search_engine_without_address_fails_the_jobs_that_use_it():
    found = demanded({"OPENSEARCH_URL": None})
    assert list(found) == ["settings of process-dmps sync-dmps", "settings of process-dmps dmp-works-search"]
    assert "OPENSEARCH_URL is not set although the search engine is OpenSearch" in found.popitem()[1]


def test_secrets_belong_into_the_job_definition():
    found = chain_named("process-dmps")
    checks = check_required_settings(found, found.jobs, Resolved(VALUES | {"OPENSEARCH_AUTH": "basic"}), SUPPLIED)
    (search,) = [check for check in checks if check.name.endswith("dmp-works-search")]
    assert search.next == "set OPENSEARCH_USERNAME; put OPENSEARCH_PASSWORD among the secrets of d:1"
    lacking = demanded({}, Definition("d:1", "image"))
    assert "DMP_DATABASE_URL is not set" in lacking["settings of process-dmps merge-related-works"]


def test_credentials_of_datacite_are_demanded_only_by_its_own_bucket():
    assert "DATACITE_PASSWORD" in demanded({"DATACITE_SOURCE": "s3://monthly/"}, chain="datacite").popitem()[1]
    assert demanded({"DATACITE_SOURCE": "https://example.org/"}, chain="datacite") == {}


def test_a_live_run_of_another_id_fails_and_of_this_one_is_said(bucket):
    batch = FakeBatch()
    assert check_live_run(batch, bucket, plan_for()).verdict == "ok"
    send(batch, bucket)
    assert check_live_run(batch, bucket, plan_for()).said == (
        "2 jobs of this run are live: the same ones are adopted, not sent again"
    )
    other = check_live_run(batch, bucket, plan_for(LETTERS_RUN_ID="2026-11-01"))
    assert (other.verdict, other.said) == ("failed", "another run of letters is live: 2026-10-01")


def test_a_listing_that_is_not_allowed_fails_with_the_right_to_ask_for(bucket):
    batch = FakeBatch(faults=[Fault("ListJobs", denied("ListJobs"))])
    check = check_live_run(batch, bucket, plan_for())
    assert check.verdict == "failed"
    assert "ask for batch:ListJobs" in check.next


def test_somebody_at_work_fails(bucket):
    with hold(bucket, "letters", "dmpworks run letters/2026-09-01"):
        check = check_live_run(FakeBatch(), bucket, plan_for())
    assert check.verdict == "failed"
    assert check.said.endswith("UTC: dmpworks run letters/2026-09-01")


# all at once


def test_all_failures_are_told_at_once_each_with_its_hint():
    batch = FakeBatch(definitions=[])
    batch.queues["dmpworks-dev"] = Queue(state="DISABLED")
    with pytest.raises(PreflightError) as caught:
        require([*queues(batch), *check_definition(batch, FakeEcr(), "dmpworks-dev").checks])
    assert caught.value.what == "2 checks failed: queue dmpworks-dev, job definition"
    assert caught.value.on.startswith("(1) queue dmpworks-dev: it is DISABLED, VALID; (2) job definition: there is no")
    assert caught.value.next == (
        "(1) aws batch update-job-queue --job-queue dmpworks-dev --state ENABLED; "
        "(2) register it, or set BATCH_JOB_DEFINITION"
    )
    assert caught.value.exit_code == 2
