"""Two people submit the same chain at the same moment, each from a process of their own."""

import subprocess
import time

import pytest

from tests.containers.chain import JOBS, Operator, batch_jobs, submission, told
from tests.servers.containers import Batch

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_of_two_runs_exactly_one_is_submitted(operator: Operator, batch: Batch, endless: str) -> None:
    before = len(batch_jobs(batch))
    one, other = _both(operator, submission(endless, "2026-10-01"), submission(endless, "2026-11-01"))
    winner, loser = (one, other) if one.returncode == 0 else (other, one)
    assert (winner.returncode, loser.returncode) == (0, 2), (one, other)
    run_id = winner.args[5].removeprefix("--run-id=")
    assert _names(batch, before) == [f"dmpworks-dev-ror-{run_id}-{job}" for job in JOBS]
    # whichever it meets, the other at work or the other's jobs
    assert "is running on ror" in loser.stderr or ("another run of" in loser.stderr and run_id in loser.stderr)


def test_the_same_run_is_never_doubled(operator: Operator, batch: Batch, endless: str) -> None:
    before = len(batch_jobs(batch))
    both = _both(operator, submission(endless), submission(endless))
    assert _names(batch, before) == [f"dmpworks-dev-ror-2026-10-01-{job}" for job in JOBS]
    # whoever comes second learns who is at it, or, after that one is done, finds the very same jobs there
    refused = ["is running on ror" in each.stderr for each in both if each.returncode == 2]
    adopted = ["already submitted" in each.stdout for each in both if each.returncode == 0]
    assert refused in ([], [True]) and len(refused + adopted) == 2
    assert sorted(adopted) == ([False] if refused else [False, True])


def _both(operator: Operator, *commands: list[str]) -> list[subprocess.CompletedProcess[str]]:
    processes = [operator.start(*command) for command in commands]
    return [told(process) for process in processes]


def _names(batch: Batch, before: int) -> list[str]:
    time.sleep(0.5)
    return [job["jobName"] for job in batch_jobs(batch)[before:]]
