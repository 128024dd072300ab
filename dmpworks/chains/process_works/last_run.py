"""What a run has in common with the last synced one: equal inputs need no work, much smaller ones are a mistake."""

import math
from collections.abc import Mapping

from dmpworks.chains.process_works.sync_state import (
    CHAIN,
    TRANSFORM,
    last_sync,
    retry_command,
    state_files,
    unsynced_transforms,
)
from dmpworks.errors import AuditError, JobError
from dmpworks.jobs.manifest import UPLOADED, File, Manifest, fingerprint, phase_folder, read_manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Phase, Run
from dmpworks.services.storage import Bucket
from dmpworks.version import version


def last_synced_transform(bucket: Bucket) -> Manifest | None:
    """Return the manifest of the transform that the last sync applied; None if there is none or it was replaced."""
    last = last_sync(bucket)
    if last is None:
        return None
    folder = phase_folder(CHAIN, last[0].run_id, TRANSFORM)
    pair = _read(bucket, folder)
    return pair[0] if pair and pair[1] == last[0].inputs.get(folder) else None


def _read(bucket: Bucket, folder: str) -> tuple[Manifest, str] | None:
    try:
        return read_manifest(bucket, folder)
    except JobError:  # damaged: then nothing is known of it
        return None


def reuse_last_run(run: Run) -> Counts | None:
    """Complete the run with the states of the last sync when it would export nothing; otherwise return None.

    So it is when the datasets have the same digests, settings and code are the same, and nothing was left unsynced.
    A run that is repeated is built again, because its own changes would look like those of the repetition.
    """
    last, transform = last_sync(run.bucket), last_synced_transform(run.bucket)
    if last is None or transform is None or last[0].run_id == run.run_id or not _same(run, transform):
        return None
    if unsynced_transforms(run.bucket):
        return None
    run.progress(f"datasets, settings and code are those of {CHAIN} {transform.run_id}: nothing has changed")
    run.inputs[phase_folder(CHAIN, last[0].run_id, last[0].job)] = last[1]
    for file in state_files(last[0].files):
        run.record(file)
    works = transform.counts.read
    return Counts(read=works, dropped={"unchanged": works})


def _same(run: Run, transform: Manifest) -> bool:
    datasets = {folder: digest for folder, digest in transform.inputs.items() if not folder.startswith(f"{CHAIN}/")}
    settings = fingerprint(run.settings | {"PROCESS_WORKS_RUN_ID": transform.run_id})  # as that run would have it
    return (
        run.inputs == datasets
        and UPLOADED not in datasets.values()  # files without manifest: nothing says whether they changed
        and (transform.settings, transform.version) == (settings, version())
    )


def check_shrink(run: Run, datasets: Mapping[str, Phase], max_shrink: float) -> None:
    """Raise AuditError when a dataset has fewer rows than in the last synced run by more than this share.

    Datasets without a manifest are not compared, nor those whose earlier run is gone.
    """
    before = last_synced_transform(run.bucket)
    shrunk, needed = [], 0.0
    for dataset, phase in datasets.items():
        folder, rows_before = _rows_before(run.bucket, before, dataset)
        rows = _rows(phase.files)
        if rows is not None and rows_before and rows < rows_before * (1 - max_shrink):
            needed = max(needed, math.ceil(100 * (1 - rows / rows_before)) / 100)
            shrunk.append(f"{phase.folder}: {rows:,} rows, {folder}: {rows_before:,}")
    if shrunk:
        raise AuditError(
            f"datasets have shrunk by more than {max_shrink:.0%} since the last synced run: nothing was exported",
            on="; ".join(shrunk),
            next="run the chains of these datasets again; if the data has really shrunk: "
            f"{retry_command(run, TRANSFORM)} --sqlmesh-transform.max-shrink {needed}",
        )


def _rows_before(bucket: Bucket, transform: Manifest | None, dataset: str) -> tuple[str, int | None]:
    for folder, digest in transform.inputs.items() if transform else ():
        if folder.startswith(f"{dataset}/"):
            pair = _read(bucket, folder)
            return folder, _rows(pair[0].files) if pair and pair[1] == digest else None
    return "", None


def _rows(files: tuple[File, ...]) -> int | None:
    """Return the rows of the Parquet files of a dataset; None when a file does not state them."""
    rows = [file.rows for file in files if file.key.endswith(".parquet")]
    return None if None in rows else sum(row for row in rows if row is not None)
