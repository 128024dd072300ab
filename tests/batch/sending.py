"""A submission of the letters chain to a fake AWS Batch, as tests make it."""

from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from tests.batch.fake_jobs import refused
from tests.batch.test_requests import plan_for

AGAIN = "dmpworks batch-submit letters --start-job=fetch"
RUN = RunName("letters", "2026-10-01")
DISABLED = refused("SubmitJob", "ClientException", "queue is disabled")


def send(batch, bucket, plan=None, **more):
    """Submit under the chain's lock and return what was sent."""
    plan = plan or plan_for()
    with hold(bucket, plan.chain, "a test") as held:
        return submit(SubmissionContext(batch, Ledger(bucket, plan.run), held, batch.sleep), plan, AGAIN, **more)


def names(batch):
    """Return every job that AWS Batch was sent, in order, those it has forgotten left out."""
    return [job.name.removeprefix("dmpworks-dev-letters-") for job in batch.jobs.values()]


def live(batch):
    """Return the jobs that have not ended."""
    return [job.name.removeprefix("dmpworks-dev-letters-") for job in batch.jobs.values() if job.live]
