"""A job that fails in its container: why is told at once, what was complete stays, and the run goes on from there."""

import time
from pathlib import Path

import pytest

from tests.containers.chain import DAMAGED, JOBS, RUN, RUN_ID, WHOLE, Operator, batch_jobs, containers, submission
from tests.servers.containers import Batch, ContainerEngine

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_a_run_goes_on_at_the_job_that_failed(
    operator: Operator, releases_url: str, container_engine: ContainerEngine
) -> None:
    failed = operator.run(*submission(f"{releases_url}/{DAMAGED}"), "--watch")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    downloaded = operator.manifest("download")
    mark = f"{RUN} transform failed: "
    digest = failed.stdout[failed.stdout.index(mark) :].splitlines()
    assert "1 of 139 records could not be read, more than MAX_BAD_RECORDS=0.001 allows" in digest[0]
    assert any(line.startswith("  | failed: ") for line in digest), digest  # the last lines of the log
    assert digest[-1].startswith("  next:  ") and f"dmpworks runs resume {RUN}" in digest[-1]

    begun = time.time()
    resumed = operator.run("runs", "resume", RUN, "--set", "MAX_BAD_RECORDS=0.01", "--watch")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "MAX_BAD_RECORDS: 0.001 -> 0.01" in resumed.stderr
    assert containers(container_engine, begun) == [f"{RUN_ID}-transform"]
    assert operator.manifest("download") == downloaded
    counts = operator.manifest("transform")["counts"]
    assert (counts["read"], counts["written"], counts["quarantined"]) == (139, 138, 1)

    shown = operator.answer("runs", "show", RUN)
    assert (shown["status"], shown["submissions"]) == ("succeeded", 2)
    told = [(one["submission"], one["job"], one["ending"]) for one in shown["executions"]]
    assert told == [(1, "download", "succeeded"), (1, "transform", "failed"), (2, "transform", "succeeded")]


def test_when_the_first_job_fails_the_second_never_starts(
    operator: Operator, releases_url: str, batch: Batch, container_engine: ContainerEngine
) -> None:
    begun = time.time()
    failed = operator.run(*submission(f"{releases_url}/{WHOLE}", sha256="0" * 64), "--watch")
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert containers(container_engine, begun) == [f"{RUN_ID}-download"]
    assert "logStreamName" not in batch_jobs(batch)[-1]["container"]
    assert "sha256 of a file is not the expected one" in failed.stdout
    assert f"{RUN} transform: skipped" in failed.stdout
    assert f"{RUN} transform failed" not in failed.stdout
    assert {Path(key).suffix for key in operator.keys("ror/")} <= {".json"}
    statuses = {job["job"]: job["status"] for job in operator.answer("runs", "show", RUN)["jobs"]}
    assert statuses == dict(zip(JOBS, ["failed", "skipped"], strict=True))
