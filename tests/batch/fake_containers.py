"""A container of a fake AWS Batch that tells its start and end in the ledger and writes a log, as real ones do."""

from dataclasses import dataclass, field
from typing import Any

from dmpworks.jobs.model import Counts, Shard
from dmpworks.runs.ledger.events import Ended, ErrorText, Outcome, Started
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import Bucket
from tests.batch.fake_jobs import Job
from tests.batch.fake_logs import FakeLogs

OUTCOMES: dict[int, Outcome] = {0: "succeeded", 75: "again", 130: "interrupted"}


@dataclass
class Container:
    """Set as `Execution.container`: writes Started and Ended, and lines of log where there are logs."""

    bucket: Bucket
    logs: FakeLogs | None = None
    lines: tuple[str, ...] = ("at work",)
    error: ErrorText | None = None
    counts: Counts = field(default_factory=lambda: Counts(read=3, written=3))

    def __call__(self, batch: Any, job: Job, moment: str, exit_code: int | None) -> None:
        about = job.request["parameters"]
        ledger = Ledger(self.bucket, RunName(about["chain"], about["run_id"]))
        attempt, by = f"{job.id[-4:] if job.index is None else job.id[32:]}{job.number:04}", "container@machine"
        if moment == "started":
            if self.logs:
                self.logs.write(job.stream, *self.lines)
            shard = None if job.index is None else Shard(job.index, job.request["arrayProperties"]["size"])
            about_it = {"attempt": attempt, "id": job.id, "number": job.number, "shard": shard}
            ledger.append_unchecked(Started(at=batch.now, by=by, job=about["job"], **about_it))
            return
        outcome = OUTCOMES.get(exit_code or 0, "failed")
        ledger.append_unchecked(
            Ended(
                at=batch.now,
                by=by,
                job=about["job"],
                attempt=attempt,
                outcome=outcome,
                counts=self.counts if outcome == "succeeded" and _completes(batch, job) else None,
                error=self.error,
                exit_code=exit_code or 0,
                peak_memory=900,
                cpu_seconds=40.0,
            )
        )


def _completes(batch: Any, job: Job) -> bool:
    """Whether a job is whole with this container: it is no shard, or the last of them."""
    array = [] if job.index is None else batch.children(batch.jobs[job.id.partition(":")[0]])
    return all(child.status == "SUCCEEDED" for child in array if child is not job)
