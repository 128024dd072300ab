"""The job sqlmesh-transform: find the inputs, build the models, publish export and states, count."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet

from dmpworks.chains.process_works.figures import count
from dmpworks.chains.process_works.files import sha256
from dmpworks.chains.process_works.last_run import check_shrink, reuse_last_run
from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sync_state import CHANGES, EXPORT, STATES, synced_states, unsynced_changes
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Phase, Run

ROW_GROUP = 24_576  # a group is in memory as a whole, once per thread, and full rows are wide
FILE_SIZE = "1GB"  # of an export file; sync-works sends one in a few minutes


def transform(run: Run, options: SqlmeshTransform) -> Counts:
    """Build the works index from the runs of the datasets, publish what changed, and count."""
    datasets = {dataset: run.dataset(dataset) for dataset in run.reads}
    if counts := reuse_last_run(run):
        return counts
    check_shrink(run, datasets, options.max_shrink)
    return build(run, gather_inputs(run, datasets, rebuild_states=options.export_all), options)


def build(run: Run, inputs: Mapping[str, Sequence[Path]], options: SqlmeshTransform) -> Counts:
    """Build the works index from Parquet files, publish what changed, and count."""
    # Importing SQLMesh takes a second, which a run with nothing to do need not wait for.
    from dmpworks.chains.process_works.build import build_models, open_database
    from dmpworks.chains.process_works.sqlmesh_project import load_models

    database = run.scratch / "dmpworks.duckdb"
    models = load_models(options, datetime.now(UTC), database)
    with open_database(database, options) as connection:
        for built in build_models(connection, models, inputs, run.progress):
            rows = "view" if built.rows is None else f"{built.rows:,} rows"
            run.progress(f"{built.name}: {rows}, {built.seconds:.1f} s")
        counts = count(connection)
        if counts.written:  # the full rows of no work would be calculated for nothing
            publish(run, connection, "works", EXPORT, "SELECT * FROM works.export")
        publish(run, connection, CHANGES, STATES, "SELECT * FROM states.changes")
        publish(run, connection, "kept", STATES, "SELECT * FROM states.kept")
        return counts


def gather_inputs(run: Run, datasets: Mapping[str, Phase], *, rebuild_states: bool) -> dict[str, list[Path]]:
    """Return the local Parquet files of every input by the name of its external model."""
    inputs = {}
    for dataset, phase in datasets.items():
        parquet = [file for file in phase.files if file.key.endswith(".parquet")]
        inputs[dataset.replace("-", "_")] = [phase.local(file) for file in parquet]
    return inputs | {
        "states": synced_states(run, rebuild=rebuild_states),
        "unsynced": unsynced_changes(run, rebuild=rebuild_states),
    }


def publish(run: Run, connection: duckdb.DuckDBPyConnection, name: str, folder: str, query: str) -> None:
    """Publish the rows of a query as Parquet files of about FILE_SIZE bytes, each with its number of rows."""
    local = run.scratch / name
    target = str(local).replace("'", "''")
    parquet = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP}"
    connection.execute(f"COPY ({query}) TO '{target}' ({parquet}, FILE_SIZE_BYTES '{FILE_SIZE}')")
    for number, path in enumerate(sorted(local.glob("*.parquet"))):
        rows = pyarrow.parquet.read_metadata(path).num_rows
        run.publish(path, f"{name}-{number:04d}.parquet", rows, folder, sha256(path))
