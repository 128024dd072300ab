"""A local run that is killed (SIGKILL) at any of its writes, or whole: the next one goes on, and no job runs twice."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dmpworks.errors import PreflightError
from dmpworks.runs.ledger.locks import holder, take
from dmpworks.runs.ledger.store import Ledger
from tests.runs.ror import CHAIN, RUN, WRITES, run
from tests.runs.test_local import begin, job_of

POINTS = [(moment, number) for number in range(1, len(WRITES) + 1) for moment in ("before", "after")]


def attempts(bucket) -> dict[str, list[str]]:
    """Return the outcome of each attempt of each job."""
    return {name: [one.outcome for one in job.attempts] for name, job in Ledger(bucket, RUN).state().jobs.items()}


@pytest.mark.parametrize(("moment", "number"), POINTS, ids=[f"{when} {WRITES[number - 1]}" for when, number in POINTS])
def test_the_next_run_goes_on(planted, moment, number):
    killed = subprocess.run(
        [sys.executable, "-m", "tests.runs.ror", planted.name, str(number), moment], capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = [name for name, outcomes in attempts(planted).items() if "succeeded" in outcomes]
    assert done == (["download"] if number == len(WRITES) else [])
    manifests = run(planted)
    assert [manifest.job for manifest in manifests] == [name for name in CHAIN.job_names if name not in done]
    assert attempts(planted) == {"download": ["succeeded"], "transform": ["succeeded"]}
    assert Ledger(planted, RUN).state().status == "succeeded"


def test_killed_while_a_job_runs_it_takes_the_job_along(planted, endless, tmp_path):
    process = begin(planted, endless, tmp_path)
    job = job_of(process)
    process.kill()
    process.communicate()
    until = time.monotonic() + 10
    while runs(job):
        assert time.monotonic() < until, "the job goes on, and nobody holds the lock"
        time.sleep(0.05)
    assert attempts(planted)["download"] == ["interrupted"]  # it could tidy up
    run(planted)
    assert attempts(planted) == {"download": ["interrupted", "succeeded"], "transform": ["succeeded"]}


def runs(pid: int) -> bool:
    """Whether a process that is no child of ours goes on."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_killed_with_its_job_the_next_run_goes_on_at_once(planted, endless, tmp_path):
    process = begin(planted, endless, tmp_path)
    with pytest.raises(PreflightError):
        take(planted, "ror", "testing")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert holder(planted, "ror") is None
    assert Ledger(planted, RUN).state().status == "running"  # nobody could tell the ledger
    run(planted)
    assert attempts(planted) == {"download": [None, "succeeded"], "transform": ["succeeded"]}
    assert Ledger(planted, RUN).state().status == "succeeded"
