"""`dmpworks aws-batch CHAIN JOB`: what a container runs."""

from typing import Literal

from dmpworks.catalog import CHAINS, chain_named
from dmpworks.errors import SettingsError
from dmpworks.settings.resolve import environment


def aws_batch(chain: Literal[tuple(chain.name for chain in CHAINS)], job: str) -> None:  # type: ignore[valid-type]
    """Run one job as its container does: every setting from the environment.

    Parameters
    ----------
    chain
        The chain.
    job
        The job of the chain.
    """
    from dmpworks.jobs.execute import execute
    from dmpworks.jobs.interrupts import end_in_time
    from dmpworks.runs.ledger.recorder import LedgerReport

    found = chain_named(chain)
    if job not in found.job_names:
        raise SettingsError(
            f"{chain} has no job {job}", on="the command line", next=f"one of {', '.join(found.job_names)}"
        )
    end_in_time()
    execute(CHAINS, found, found.job(job), environment(), LedgerReport(environment()))
