"""Build the models of the SQLMesh project in a DuckDB file, check them with their audits, and measure each.

SQLMesh loads and renders the models. Its plan is not used: that keeps versions and states of models, which a database
that is new in every run does not have, and takes 2 s to find out.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
from sqlmesh import Model

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sqlmesh_project import Inputs, create_inputs, duckdb_settings
from dmpworks.errors import AuditError, JobError

ROWS_SHOWN = 3  # how many of the rows that fail an audit an error shows
OUR_FAULTS = (duckdb.BinderException, duckdb.CatalogException, duckdb.InternalException, duckdb.ParserException)
RETRY = "then run sqlmesh-transform again"


class Built(NamedTuple):
    """A model that was built: its rows (None for a view) and the seconds that building and its audits took."""

    name: str
    rows: int | None
    seconds: float


class FailedAudit(NamedTuple):
    """An audit that found rows, and whether that stops the run."""

    name: str
    description: str
    blocking: bool


@contextmanager
def open_database(database: Path, options: SqlmeshTransform) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the database of a run; raises JobError with advice when memory or disk is full."""
    with duckdb.connect(str(database)) as connection:
        for name, value in duckdb_settings(options, database).items():
            connection.execute(f"SET {name} = '{value}'")
        with _resource_errors(connection, database.parent):
            yield connection


@contextmanager
def _resource_errors(connection: duckdb.DuckDBPyConnection, scratch: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        limit = connection.execute("SELECT current_setting('memory_limit')").fetchone()
        raise JobError(
            "DuckDB ran out of memory",
            on=f"memory_limit {limit[0] if limit else 'unknown'}: {_first_line(error)}",
            next="raise PROCESS_WORKS_SQLMESH_TRANSFORM_MEMORY_LIMIT (on a larger machine), set fewer "
            f"PROCESS_WORKS_SQLMESH_TRANSFORM_THREADS, or make room for temporary data in {scratch}, {RETRY}",
        ) from error
    except OUR_FAULTS:
        raise
    except duckdb.Error as error:  # damaged Parquet files raise all kinds, also the base class
        raise JobError(
            "DuckDB could not read or write a file",
            on=_first_line(error),
            next=f"if the disk is full, make room in {scratch}; if an input is damaged, run the job that wrote it "
            f"again; {RETRY}",
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]


def build_models(
    connection: duckdb.DuckDBPyConnection,
    models: Sequence[Model],
    inputs: Inputs,
    progress: Callable[[str], None],
) -> Iterator[Built]:
    """Build all models in order; raises AuditError for blocking audits of one model, or of all sources together."""
    create_inputs(connection, inputs)
    failed: list[FailedAudit] = []
    for model in models:
        if failed and not model.name.startswith("sources."):
            break  # incomplete sources are reported together
        started = time.perf_counter()
        rows = _build(connection, model)
        for audit in _failed_audits(connection, model):
            if audit.blocking:
                failed.append(audit)
            else:
                progress(f"warning: {audit.description}")
        yield Built(model.name, rows, time.perf_counter() - started)
    if failed:
        raise audit_error(failed)


def _build(connection: duckdb.DuckDBPyConnection, model: Model) -> int | None:
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {model.name.split('.')[0]}")
    query = model.render_query_or_raise().sql("duckdb")
    if model.kind.is_view:
        connection.execute(f"CREATE VIEW {model.name} AS {query}")
        return None
    row = connection.execute(f"CREATE TABLE {model.name} AS {query}").fetchone()
    return int(row[0]) if row else None


def _failed_audits(connection: duckdb.DuckDBPyConnection, model: Model) -> Iterator[FailedAudit]:
    for audit, arguments in model.audits_with_args:
        values: dict[str, Any] = dict(arguments)
        query = model.render_audit_query(audit, **values).sql("duckdb")
        (count,) = connection.execute(f"SELECT COUNT(*) FROM ({query})").fetchone() or (0,)
        if count:
            description = f"{audit.name} on {model.name}: {_first_rows(connection, query, count)}"
            yield FailedAudit(audit.name, description, audit.blocking)


def _first_rows(connection: duckdb.DuckDBPyConnection, query: str, count: int) -> str:
    cursor = connection.execute(f"SELECT * FROM ({query}) ORDER BY 1 LIMIT {ROWS_SHOWN}")
    names = [column[0] for column in cursor.description or ()]
    rows = [", ".join(map("{} {}".format, names, row)) for row in cursor.fetchall()]
    return "; ".join(rows) + (f" and {count - len(rows):,} more" if count > len(rows) else "")


def audit_error(failed: Sequence[FailedAudit]) -> AuditError:
    """Return the error for audits that failed."""
    names = ", ".join(dict.fromkeys(audit.name for audit in failed))
    return AuditError(
        f"the audit {names} stopped the works index: nothing was exported",
        on="; ".join(audit.description for audit in failed),
        next="check that the inputs are complete (or run their chains again), or correct "
        f"PROCESS_WORKS_SQLMESH_TRANSFORM_MIN_* / MAX_*, {RETRY}",
    )
