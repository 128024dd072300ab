"""The smallest chain, run for real on this machine; as a program: run it and be killed at one of its writes.

`python -m tests.runs.ror BUCKET N before|after`: SIGKILL before or after the Nth object that the run creates itself
(the lock, then its events; the jobs write their own).
"""

import os
import signal
import sys

from dmpworks.catalog import chain_named
from dmpworks.jobs.manifest import Manifest
from dmpworks.jobs.wiring import chain_settings
from dmpworks.runs.completeness import Start, first_job
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.local.runner import run_chain
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved, Sources, environment, resolve

CHAIN = chain_named("ror")
RUN = RunName("ror", "2026-09-01")
WRITES = ["the lock", "Planned", "Submitted download", "Submitted transform"]


def settings(bucket: Bucket, source: str | None = None) -> Resolved:
    """Return the values of a run that takes the planted release, or what `source` names."""
    place = source or os.fspath((bucket.root or "") / "ror/2026-10-01/download")
    environ = {"BUCKET_NAME": bucket.name, "ROR_RUN_ID": RUN.run_id, "ROR_DOWNLOAD_URL": place}
    return resolve(chain_settings(CHAIN), Sources({}, environ, {}, ""), CHAIN.prefix)


def run(bucket: Bucket, start: Start | None = None, values: Resolved | None = None) -> list[Manifest]:
    """Run the chain from its first job that is missing or stale."""
    values = values or settings(bucket)
    start = start or first_job(bucket, CHAIN, values)
    return run_chain(CHAIN, start, values, environment(), bucket, lambda job: f"again at {job}")


class Deadly(Bucket):
    """A bucket whose Nth `create` kills the process, before or after it was done."""

    def __init__(self, name: str, number: int, moment: str) -> None:
        super().__init__(name)
        self.number, self.moment = number, moment

    def create(self, key: str, data: bytes) -> None:
        self.number -= 1
        if self.number == 0 and self.moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().create(key, data)
        if self.number == 0:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    run(Deadly(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
