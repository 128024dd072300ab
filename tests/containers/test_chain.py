"""A chain on AWS Batch in containers: one job after the other, each leaving whole output and telling of itself."""

import io
import json
import zipfile

import pyarrow.parquet as pq
import pytest

from tests.containers.chain import JOBS, PLANTED, RUN, RUN_ID, Operator, batch_jobs, containers
from tests.containers.conftest import Followed
from tests.servers.containers import Batch, ContainerEngine

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_jobs_run_one_after_the_other(followed: Followed, batch: Batch, container_engine: ContainerEngine) -> None:
    assert containers(container_engine, followed.begun)[:2] == [f"{RUN_ID}-{job}" for job in JOBS]
    jobs = {job["jobId"]: job for job in batch_jobs(batch)}
    download, transform = (jobs[id] for id in followed.ids)
    assert (download["status"], transform["status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert transform["dependsOn"] == [{"jobId": download["jobId"]}]
    assert transform["startedAt"] >= download["stoppedAt"]


def test_the_output_is_whole(followed: Followed) -> None:
    downloaded, transformed = (followed.operator.manifest(job) for job in JOBS)
    assert [file["key"].startswith(f"{RUN}/download/") for file in downloaded["files"]] == [True]
    assert _identifiers(followed.operator, [file["key"] for file in transformed["files"]]) == _published()


def test_containers_tell_the_ledger_of_themselves(followed: Followed) -> None:
    shown = followed.operator.answer("runs", "show", RUN)
    assert (shown["status"], shown["where"], shown["definition"]) == ("succeeded", "batch", "dmpworks-dev:1")
    executions = shown["executions"]
    assert [one["job"] for one in executions] == JOBS  # one each: what they and AWS Batch tell is put together
    assert [one["id"] for one in executions] == followed.ids
    assert [one["counts"]["written"] for one in executions] == [1, len(_published())]
    assert all(
        one["ending"] == "succeeded" and one["peak_memory"] > 20 and one["cpu_seconds"] > 0 for one in executions
    )


def test_the_image_is_recorded_by_its_digest(
    followed: Followed, container_engine: ContainerEngine, dmpworks_image: str
) -> None:
    digest = container_engine.podman("image", "inspect", "--format={{.Digest}}", dmpworks_image).stdout.strip()
    assert followed.operator.answer("runs", "show", RUN)["image"] == digest


def _identifiers(operator: Operator, keys: list[str]) -> set[str]:
    """Return the ROR ids in the Parquet files."""
    client = operator.batch.client("s3")
    bodies = [client.get_object(Bucket=operator.bucket, Key=key)["Body"].read() for key in keys]
    return {str(ror) for body in bodies for ror in pq.read_table(io.BytesIO(body)).column("ror").to_pylist()}


def _published() -> set[str]:
    """Return the ROR ids in the release itself."""
    with zipfile.ZipFile(PLANTED) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".json"))
        return {record["id"].rsplit("/", 1)[1] for record in json.loads(archive.read(name))}
