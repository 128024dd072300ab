"""The job sqlmesh-transform: find the inputs, build the models, publish export and states, count."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet

from dmpworks.chains.process_works.figures import count, unknown_work_types
from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sqlmesh_project import build_models
from dmpworks.chains.process_works.sync_state import CHANGES, EXPORT, STATES, synced_states, unsynced_changes
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

FILE_SIZE = "1GB"  # of an export file; sync-works sends one in a few minutes


def transform(run: Run, options: SqlmeshTransform) -> Counts:
    """Build the works index from the runs of the datasets, publish what changed, and count."""
    database = run.scratch / "dmpworks.duckdb"
    build_models(database, options, gather_inputs(run), datetime.now(UTC), run.progress)
    with duckdb.connect(str(database)) as connection:
        for work_type, works in unknown_work_types(connection):
            run.progress(f"warning: work type {work_type} is not in works.types: {works:,} works")
        publish(run, connection, "works", EXPORT, "SELECT * FROM works.export")
        publish(run, connection, CHANGES, STATES, "SELECT * FROM states.changes")
        publish(run, connection, "kept", STATES, "SELECT * FROM states.kept")
        return count(connection)


def gather_inputs(run: Run) -> dict[str, list[Path]]:
    """Return the local Parquet files of every input by the name of its external model."""
    inputs = {}
    for dataset in run.reads:
        phase = run.dataset(dataset)
        parquet = [file for file in phase.files if file.key.endswith(".parquet")]
        inputs[dataset.replace("-", "_")] = [phase.local(file) for file in parquet]
    return inputs | {"states": synced_states(run), "unsynced": unsynced_changes(run)}


def publish(run: Run, connection: duckdb.DuckDBPyConnection, name: str, folder: str, query: str) -> None:
    """Publish the rows of a query as Parquet files of about FILE_SIZE bytes, each with its number of rows."""
    local = run.scratch / name
    target = str(local).replace("'", "''")
    connection.execute(
        f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES '{FILE_SIZE}')"
    )
    for number, path in enumerate(sorted(local.glob("*.parquet"))):
        rows = pyarrow.parquet.read_metadata(path).num_rows
        run.publish(path, f"{name}-{number:04d}.parquet", rows, folder)
