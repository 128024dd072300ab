"""A run on a fake AWS Batch, submitted by the real submitter into a real ledger; time is the fake's."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from dmpworks.batch.monitor.context import RunContext
from dmpworks.batch.submission.plan import SubmissionPlan, make_plan
from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import submit_settings
from dmpworks.runs.ledger.events import JobRequest, Planned, Started, Submitted
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import open_bucket
from dmpworks.settings.resolve import Sources, resolve
from tests.batch.fake import FakeBatch
from tests.batch.fake_containers import Container
from tests.batch.fake_jobs import Execution
from tests.batch.fake_logs import FakeLogs
from tests.jobs.sample import CHAIN

ENVIRON = {"BUCKET_NAME": "my-bucket", "LETTERS_SOURCE": "abc"}


def plan_of(start: str = "fetch", chain: Chain = CHAIN, **environ: str) -> SubmissionPlan:
    """Return the plan of the chain of letters from a job on, with these settings."""
    wanted = [setting for setting in submit_settings(chain) if not setting.secret]
    values = resolve(wanted, Sources({}, ENVIRON | environ, {}, ""), chain.prefix)
    return make_plan(chain, chain.from_job(start), values, "dmpworks-dev:2")


@dataclass
class Scene:
    """AWS, a bucket and the chain of letters (fetch, count)."""

    folder: Path
    run_id: str = "2026-10-01"
    batch: FakeBatch = field(default_factory=FakeBatch)
    chain: Chain = CHAIN

    def __post_init__(self):
        self.logs = FakeLogs(self.batch)
        self.bucket = open_bucket(f"{self.folder}/")
        self.ledger = Ledger(self.bucket, RunName(CHAIN.name, self.run_id))
        self.container = Container(self.bucket, self.logs)
        self.waited = timedelta()

    @property
    def context(self) -> RunContext:
        return RunContext(self.batch, self.logs, self.batch.clock, self.sleep)

    @property
    def run(self) -> str:
        return str(self.ledger.run)

    def sleep(self, seconds: float) -> None:
        """Let time pass, but not for ever: a watch that never ends is a failure."""
        self.waited += timedelta(seconds=seconds)
        assert self.waited < timedelta(days=30), "the watch does not end"
        self.batch.sleep(seconds)

    def does(self, job: str, *executions: Execution) -> None:
        """Say what the attempts of a job do; those without a container of their own tell the ledger."""
        for each in executions:
            each.container = each.container or self.container
        self.batch.scripts[job] = list(executions)

    def plan(self, start: str = "fetch", **environ: str) -> SubmissionPlan:
        return plan_of(start, self.chain, LETTERS_RUN_ID=self.run_id, **environ)

    def submit(self, start: str = "fetch", **environ: str) -> list[str]:
        """Submit the chain as `batch-submit` does and return the ids."""
        with hold(self.bucket, CHAIN.name, "batch-submit") as held:
            context = SubmissionContext(self.batch, self.ledger, held, self.sleep)
            return [sent.id for sent in submit(context, self.plan(start, **environ), "again")]

    def statuses(self) -> dict[str, str]:
        """Return what the ledger says of each job."""
        return {job.name: job.status for job in self.ledger.state().current}

    def local_run(self) -> Ledger:
        """Return the ledger of a local run (2026-11-01) whose first job has begun."""
        ledger = Ledger(self.bucket, RunName(CHAIN.name, "2026-11-01"))
        about = {"at": self.batch.now, "by": "ada@laptop"}
        jobs = {"fetch": JobRequest(), "count": JobRequest()}
        ledger.append(
            Planned(**about, submission=1, where="local", jobs=jobs, skipped={}, settings={"ENV": "dev"}, version="0")
        )
        ledger.append(Submitted(**about, submission=1, job="fetch"))
        ledger.append(Started(**about, job="fetch", attempt="a1"))
        return ledger
