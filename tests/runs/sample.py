"""Runs for tests to read: ledgers written event by event, with a clock that a test moves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.events import (
    BatchAttempt,
    Cancelling,
    Ended,
    ErrorText,
    JobRequest,
    Observed,
    Outcome,
    Planned,
    Started,
    Submitted,
)
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import Bucket

BEGAN = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
ADA, MACHINE = "ada@laptop", "container@ip-10-0-3-17"
SMALL = JobRequest(queue="dmpworks-prod", vcpus=2, memory=4096, timeout=86400, retries=3)
LARGE = JobRequest(queue="dmpworks-prod-large", vcpus=32, memory=250_880, timeout=86400, retries=3)
JOBS = {"sync-dmps": SMALL, "enrich-dmps": SMALL, "dmp-works-search": LARGE, "merge-related-works": SMALL}
SETTINGS = {"BUCKET_NAME": "dmpworks-prod", "ENV": "prod", "PROCESS_WORKS_RUN_ID": "2026-09-01"}


@dataclass
class Story:
    """Writes a ledger; `wait` moves the clock (minutes)."""

    bucket: Bucket
    run: RunName
    now: datetime = BEGAN
    submission: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    tries: dict[str, list[BatchAttempt]] = field(default_factory=dict)
    begun: dict[str, datetime] = field(default_factory=dict)
    where: str = "batch"

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.bucket, self.run)

    @property
    def state(self) -> RunState:
        return self.ledger.state()

    def wait(self, minutes: float) -> "Story":
        self.now += timedelta(minutes=minutes)
        return self

    def plan(
        self,
        jobs: dict[str, JobRequest],
        skipped: dict[str, str] | None = None,
        settings: dict[str, str] | None = None,
    ) -> "Story":
        """SubmissionPlan a submission and, on AWS Batch, send its jobs; a local run sends each when it starts it."""
        self.submission += 1
        on_batch = self.where == "batch"
        self.ledger.append(
            Planned(
                at=self.now,
                by=ADA,
                submission=self.submission,
                where=self.where,
                jobs=jobs if on_batch else dict.fromkeys(jobs, JobRequest()),
                skipped=skipped or {},
                settings=settings or SETTINGS,
                version="0.4.0",
                definition="dmpworks-prod:17" if on_batch else None,
                image="123456789012.dkr.ecr.us-east-1.amazonaws.com/dmpworks:0.4.0" if on_batch else None,
            )
        )
        for place, job in enumerate(jobs if on_batch else (), 1):
            self.send(job, f"{self.run.run_id}-{self.submission}-{place}")
        return self

    def send(self, job: str, id: str | None) -> "Story":
        self.ledger.append(Submitted(at=self.now, by=ADA, submission=self.submission, job=job, id=id))
        self.tries[job] = []
        if id:
            self.ids[job] = id
        return self

    def start(self, job: str) -> "Story":
        if self.where == "local":
            self.send(job, None)
        number = len(self.tries.get(job, [])) + 1
        self.begun[job] = self.now
        id = self.ids.get(job)
        self.ledger.append(
            Started(at=self.now, by=MACHINE, job=job, attempt=self.token(job), id=id, number=number if id else None)
        )
        return self

    def token(self, job: str) -> str:
        return f"{job[:2]}{self.submission}{len(self.tries.get(job, []))}"

    def end(
        self,
        job: str,
        minutes: float,
        outcome: Outcome = "succeeded",
        counts: Counts | None = None,
        error: ErrorText | None = None,
        peak: int | None = 900,
        cores: float = 1.4,
    ) -> "Story":
        """Let an attempt run on and end by its own word."""
        self.wait(minutes)
        code = {"succeeded": 0, "failed": 1, "again": 75, "interrupted": 130}[outcome]
        self.ledger.append(
            Ended(
                at=self.now,
                by=MACHINE,
                job=job,
                attempt=self.token(job),
                outcome=outcome,
                counts=counts if counts else Counts(read=10, written=10) if outcome == "succeeded" else None,
                error=error,
                exit_code=code,
                peak_memory=peak,
                cpu_seconds=cores * (self.now - self.begun[job]).total_seconds(),
            )
        )
        return self.tried(job, code)

    def tried(self, job: str, code: int | None, reason: str | None = None) -> "Story":
        """Note an attempt as AWS Batch will tell it once the job has ended."""
        self.tries.setdefault(job, []).append(
            BatchAttempt(started=self.begun.get(job), stopped=self.now, exit_code=code, reason=reason)
        )
        return self

    def lose(self, job: str, minutes: float) -> "Story":
        """Let the machine of an attempt vanish."""
        return self.wait(minutes).tried(job, None, "Host EC2 (instance i-0a1b2c3d) terminated.")

    def see(self, job: str, state: str, **about: object) -> "Story":
        """Write down the end of a job as AWS Batch tells it."""
        seen = Observed(
            at=self.now,
            by=ADA,
            job=job,
            state=state,
            id=self.ids.get(job),
            batch_attempts=tuple(self.tries.get(job, ())),
            **about,
        )
        self.ledger.append(seen)
        return self

    def cancel(self) -> "Story":
        self.ledger.append(Cancelling(at=self.now, by=ADA, submission=self.submission))
        return self

    def run_job(self, job: str, waited: float, minutes: float, **about: object) -> "Story":
        """Let a job wait for a machine, run and succeed."""
        return self.wait(waited).start(job).end(job, minutes, **about).see(job, "succeeded")


def figures(scale: float = 1.0) -> dict[str, Counts]:
    """Return what each job of process-dmps counts in a month."""

    def n(value: float) -> int:
        return round(value * scale)

    return {
        "sync-dmps": Counts(read=n(48_210), written=n(48_102), dropped={"no title": n(96)}, quarantined=12),
        "enrich-dmps": Counts(read=n(48_102), written=n(48_102), also={"awards found": n(31_377)}),
        "dmp-works-search": Counts(read=n(48_102), written=n(1_204_551), also={"plans without any match": n(2_903)}),
        "merge-related-works": Counts(read=n(1_204_551), written=n(9_844), dropped={"seen before": n(1_194_707)}),
    }


def good_run(bucket: Bucket, run_id: str, scale: float = 1.0, began: datetime | None = None) -> Story:
    """Write a run of process-dmps in which all went well, on AWS Batch."""
    began = began or datetime.fromisoformat(f"{run_id}T02:00:00+00:00")
    story = Story(bucket, RunName("process-dmps", run_id), began).plan(JOBS)
    counts = figures(scale)
    story.run_job("sync-dmps", 3, 12 * scale, counts=counts["sync-dmps"], peak=840, cores=0.9)
    story.run_job("enrich-dmps", 2, 41 * scale, counts=counts["enrich-dmps"], peak=1210, cores=0.3)
    story.run_job("dmp-works-search", 9, 96 * scale, counts=counts["dmp-works-search"], peak=71_400, cores=11.3)
    return story.run_job("merge-related-works", 2, 8 * scale, counts=counts["merge-related-works"], peak=990, cores=1)


def troubled_run(bucket: Bucket, run_id: str = "2026-10-01") -> Story:
    """Write a run with a lost machine, a job that ran out of memory, and a resume that brought it to its end."""
    counts = figures(1.06)
    settings = SETTINGS | {"PROCESS_WORKS_RUN_ID": "2026-10-01"}
    story = Story(bucket, RunName("process-dmps", run_id)).plan(JOBS, settings=settings)
    story.run_job("sync-dmps", 4, 13, counts=counts["sync-dmps"], peak=861, cores=0.9)
    story.run_job("enrich-dmps", 3, 46, counts=counts["enrich-dmps"], peak=1302, cores=0.3)
    story.wait(11).start("dmp-works-search").lose("dmp-works-search", 38)
    story.wait(14).start("dmp-works-search").wait(71).tried("dmp-works-search", 137, "OutOfMemoryError: killed")
    story.see("dmp-works-search", "failed", cause="out of memory", exit_code=137, reason="OutOfMemoryError: killed")
    story.wait(1).see("merge-related-works", "skipped", reason="Dependent Job failed")
    larger = JobRequest(queue="dmpworks-prod-large", vcpus=32, memory=501_760, timeout=86400, retries=3)
    done = dict.fromkeys(("sync-dmps", "enrich-dmps"), "complete since 2026-10-01 03:06 UTC")
    story.wait(320).plan({"dmp-works-search": larger, "merge-related-works": SMALL}, done, settings)
    story.run_job("dmp-works-search", 17, 88, counts=counts["dmp-works-search"], peak=262_310, cores=14.8)
    return story.run_job("merge-related-works", 3, 9, counts=counts["merge-related-works"], peak=1033, cores=1)
