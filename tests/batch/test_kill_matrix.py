"""The submitting process is killed (SIGKILL) between any two calls: each way to go on puts it right, no job runs twice.

The process is real, its bucket a folder, its AWS Batch a fake in a file; the containers of that run the jobs for real.
"""

from collections import Counter
from datetime import UTC, datetime

import pytest

from dmpworks.batch.monitor.reconcile import Deployment, repair
from dmpworks.commands.runs.resume import resume_on_batch
from dmpworks.commands.shared.submission import Account, ChainSubmission
from dmpworks.commands.submit import earliest, live_job, send_and_print
from dmpworks.jobs.execute import execute
from dmpworks.jobs.wiring import AUTO
from dmpworks.runs.completeness import Start, first_job
from dmpworks.runs.ledger.events import Started
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.recorder import LedgerReport
from dmpworks.runs.ledger.store import Ledger
from dmpworks.settings.resolve import Sources
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution
from tests.batch.fake_stored import StoredBatch
from tests.batch.killing import Reaper, WatchedClient, calls_made, in_process, watched
from tests.batch.sending import AGAIN, RUN
from tests.batch.test_requests import values_for
from tests.jobs.sample import CHAIN

KILLED = -9
# Every call of a submission, in order: the process dies before each of them.
CALLS = [
    # preflight
    "describe_job_definitions",
    "describe_job_queues",
    "describe_compute_environments",
    "bucket create",
    "bucket get",
    "bucket delete",
    "bucket list",  # whether somebody holds the lock
    "bucket list",  # which queues earlier runs went to
    "list_jobs",
    "list_jobs",
    # the lock
    "bucket list",
    "bucket create",
    # the ledger and the twins
    "bucket list",
    "bucket list",
    "list_jobs",
    "list_jobs",
    # Planned
    "bucket list",
    "bucket create",
    # the first job: lock, send, Submitted
    "bucket list",
    "bucket get",
    "submit_job",
    "bucket list",
    "bucket create",
    # the second
    "bucket list",
    "bucket get",
    "submit_job",
    "bucket list",
    "bucket create",
    # the lock again
    "bucket put",
]
POINTS = [pytest.param(number, id=f"{number:02}-{call}") for number, call in enumerate(CALLS, 1)]


def real_container(batch, job, moment, exit_code):
    """Do what the container does: run the job, with the environment that the request gives it."""
    if moment == "started":
        environ = {pair["name"]: pair["value"] for pair in job.request["containerOverrides"]["environment"]}
        report = LedgerReport({"AWS_BATCH_JOB_ID": job.id, "AWS_BATCH_JOB_ATTEMPT": str(job.number)})
        execute([CHAIN], CHAIN, CHAIN.job(job.request["parameters"]["job"]), environ, report)


class Scene:
    """A bucket, an AWS Batch that processes share, and the ways to submit and to go on."""

    def __init__(self, folder, bucket):
        scripts = {job: [Execution(container=real_container)] for job in CHAIN.job_names}
        self.folder, self.bucket = folder, bucket
        self.batch = StoredBatch.create(folder / "batch", FakeBatch(scripts=scripts))
        self.values = values_for(BUCKET_NAME=bucket.name)
        self.ledger = Ledger(bucket, RUN)

    def account(self, number=0):
        """Return the account of a process that dies before its nth call."""
        reaper = Reaper(self.folder, number)
        client = WatchedClient(self.batch, reaper)
        return Account(client, client, None, watched(self.bucket, reaper), self.batch.sleep)

    def submit(self, account, start=None):
        wanted = ChainSubmission(CHAIN, self.values, start or Start("fetch", {}), AGAIN)
        send_and_print(account, wanted, as_json=True, watch=False)

    def submit_auto(self, account):
        """Do as `batch-submit --start-job auto`."""
        start = first_job(account.bucket, CHAIN, self.values)
        if live := live_job(account, CHAIN, self.values):
            start = earliest(CHAIN, start, live)
        if start.job:
            self.submit(account, start)

    def submit_until(self, number):
        """Submit in a process that dies before its nth call (0: never)."""
        self.submit(self.account(number))

    def resume_until(self, number):
        self.resume(self.account(number))

    def resume(self, account):
        """Do as `runs resume`, or submit again where nothing was written down yet."""
        before = self.ledger.state().newest
        if before is None:
            return self.submit(account)
        return resume_on_batch(account, CHAIN, Sources({}, {}, before.settings, "the ledger"), AUTO, before, AGAIN)

    def reconcile(self):
        """Do as `runs reconcile --repair`."""
        queues = ("dmpworks-dev", "dmpworks-dev-large")
        with hold(self.bucket, CHAIN.name, "a test"):
            repair(self.ledger, Deployment(self.batch, "dev", queues, self.bucket.name), datetime.now(UTC), "a test")

    def wait(self):
        self.batch.sleep(600)


@pytest.fixture
def scene(tmp_path, bucket):
    return Scene(tmp_path, bucket)


def test_the_calls_of_a_submission(scene):
    assert in_process(scene.submit_until, 0) == 0
    assert calls_made(scene.folder) == CALLS


def resume(scene):
    scene.resume(scene.account())


def resume_when_the_jobs_have_ended(scene):
    scene.wait()
    scene.resume(scene.account())


def submit_auto(scene):
    scene.submit_auto(scene.account())


def submit_again(scene):
    scene.submit(scene.account())


def reconcile_and_resume(scene):
    scene.reconcile()
    scene.resume(scene.account())


def resume_in_three_processes_of_which_two_are_killed(scene):
    """The resume is killed as well: right after its plan, then right after its first job."""
    for call in ("bucket create", "submit_job"):
        last = len(CALLS) - CALLS[::-1].index(call)
        in_process(scene.resume_until, last)
    scene.resume(scene.account())


WAYS = [
    resume,
    resume_when_the_jobs_have_ended,
    submit_auto,
    submit_again,
    reconcile_and_resume,
    resume_in_three_processes_of_which_two_are_killed,
]


@pytest.mark.parametrize("go_on", WAYS, ids=lambda way: way.__name__.replace("_", "-"))
@pytest.mark.parametrize("number", POINTS)
def test_a_killed_submission_is_put_right(scene, number, go_on):
    assert in_process(scene.submit_until, number) == KILLED
    go_on(scene)
    scene.wait()
    check(scene)


def check(scene):
    """Every job was sent once and ran once, the run succeeded, and nothing is left to do."""
    sent = [job.name.rpartition("-")[2] for job in scene.batch.load().jobs.values()]
    assert sorted(sent) == ["count", "fetch"]
    began = Counter(event.job for event in scene.ledger.events() if isinstance(event, Started))
    assert began == {"fetch": 1, "count": 1}
    assert scene.ledger.state().status == "succeeded"
    assert first_job(scene.bucket, CHAIN, scene.values).job is None
    scene.resume(scene.account())
    assert len(scene.batch.load().jobs) == 2
