"""`runs cancel` while a container is at work: everything ends, the watch says so, and the run can go on later."""

import pytest

from tests.containers.chain import PREFIX, RUN, RUN_ID, WHOLE, Operator, batch_jobs, submission, told, wait_until
from tests.servers.containers import Batch, ContainerEngine

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_a_run_is_cancelled_while_it_runs(
    operator: Operator, batch: Batch, endless: str, container_engine: ContainerEngine, releases_url: str
) -> None:
    watching = operator.start(*submission(endless), "--watch")
    wait_until(lambda: bool(operator.keys(f"{RUN}/download/")) or watching.poll() is not None, "the download begins")
    assert _running(container_engine) == [f"{PREFIX}{RUN_ID}-download"]

    cancelled = operator.run("runs", "cancel", RUN)
    assert cancelled.returncode == 0, cancelled.stdout + cancelled.stderr
    assert cancelled.stdout.splitlines() == [f"{RUN} download: cancelled", f"{RUN} transform: cancelled"]
    assert _running(container_engine) == []
    assert {job["status"] for job in batch_jobs(batch)[-2:]} == {"FAILED"}
    watched = told(watching)
    assert watched.returncode == 4, watched.stdout + watched.stderr
    assert watched.stdout.splitlines()[-2:] == [f"{RUN} was cancelled", f"  next: dmpworks runs resume {RUN}"]

    change = f"ROR_DOWNLOAD_URL={releases_url}/{WHOLE}"
    assert operator.run("runs", "resume", RUN, "--set", change, "--watch").returncode == 0
    assert operator.answer("runs", "show", RUN)["status"] == "succeeded"


def _running(engine: ContainerEngine) -> list[str]:
    names = engine.podman("ps", "--format={{.Names}}").stdout.split()
    return [name[:-37] for name in names if name.startswith(PREFIX)]  # without its UUID
