"""A works index with the manifests of the chain that filled it: nothing is searched without them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dmpworks.chains.process_works.documents import document
from dmpworks.jobs.manifest import File, Manifest, phase_folder, read_manifest, write_manifest
from dmpworks.jobs.model import Counts
from dmpworks.matching.records import Work
from dmpworks.services.search import open_engine
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import Search

TRANSFORM, SYNC = "sqlmesh-transform", "sync-works"
FIRST = datetime(2026, 10, 2, tzinfo=UTC)


def fill_index(bucket: Bucket, search: Search, works: Sequence[Work], run_id: str = "2026-10-01") -> None:
    """Put works into the index, and write what process-works writes when its sync has ended."""
    engine = open_engine(search, bucket, None)
    engine.create(search.opensearch_works_index)
    assert engine.bulk(search.opensearch_works_index, map(document, works), []).failures == []
    engine.refresh(search.opensearch_works_index)
    engine.close()
    record_transform(bucket, len(works), run_id)
    record_sync(bucket, run_id)


def record_transform(bucket: Bucket, works: int, run_id: str = "2026-10-01", **inputs: str) -> None:
    """Write the manifest of a transform that has counted so many works."""
    _write(bucket, run_id, TRANSFORM, inputs, Counts(read=works, written=works), FIRST)


def record_sync(bucket: Bucket, run_id: str = "2026-10-01", ended: datetime = FIRST + timedelta(hours=1)) -> None:
    """Write the manifest of a sync of the run's transform."""
    folder = phase_folder("process-works", run_id, TRANSFORM)
    transform = read_manifest(bucket, folder)
    assert transform
    _write(bucket, run_id, SYNC, {folder: transform[1]}, Counts(), ended)


def _write(bucket: Bucket, run_id: str, job: str, inputs: dict[str, str], counts: Counts, ended: datetime) -> None:
    file = File(f"process-works/{run_id}/{job}/states-{ended:%H%M}.parquet", 1)
    bucket.put(file.key, b"x")
    write_manifest(
        bucket,
        Manifest(
            chain="process-works",
            job=job,
            run_id=run_id,
            attempt=f"{ended:%H%M}",
            version="0",
            started=ended - timedelta(minutes=10),
            ended=ended,
            settings="",
            inputs=inputs,
            counts=counts,
            files=(file,),
        ),
    )
