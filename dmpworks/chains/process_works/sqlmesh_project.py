"""Run the SQLMesh project `sqlmesh/` on a DuckDB file: configuration, inputs, audit errors."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from sqlmesh import Config, Context
from sqlmesh.core import constants
from sqlmesh.core.config import DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig
from sqlmesh.core.config.common import VirtualEnvironmentMode
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils import yaml
from sqlmesh.utils.concurrency import NodeExecutionFailedError
from sqlmesh.utils.errors import AuditError as FailedAudit
from sqlmesh.utils.errors import NodeAuditsErrors, PlanError

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.errors import AuditError

ROWS_SHOWN = 3  # how many of the rows that fail an audit an error shows
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Inputs = Mapping[str, Sequence[Path]]  # Parquet files by external model without schema, such as "openalex_works"


def project() -> Path:
    """Return the folder of the SQLMesh project, in the installed package or in the checkout."""
    package = Path(__file__).parents[2]
    installed = package / "sqlmesh_project"
    return installed if installed.is_dir() else package.parent / "sqlmesh"


def sqlmesh_config(
    options: SqlmeshTransform,
    run_time: datetime = BEGINNING,
    database: Path | None = None,
    cache: Path | None = None,
) -> Config:
    """Return the configuration that the job and the command `sqlmesh` (by sqlmesh/config.py) share."""
    connection = DuckDBConnectionConfig(
        database=str(database) if database else None, connector_config=_duckdb_settings(options, database)
    )
    return Config(
        gateways={"duckdb": GatewayConfig(connection=connection, state_connection=DuckDBConnectionConfig())},
        model_defaults=ModelDefaultsConfig(dialect="duckdb", start="1970-01-01"),
        variables=_variables(options, run_time),
        # Every run starts with an empty database, so a model has one version and `works.index` can be the table itself.
        virtual_environment_mode=VirtualEnvironmentMode.DEV_ONLY,
        disable_anonymized_analytics=True,
        cache_dir=str(cache) if cache else None,
    )


def _duckdb_settings(options: SqlmeshTransform, database: Path | None) -> dict[str, str | int | bool]:
    settings: dict[str, str | int | bool] = {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": False,  # a job never downloads code
        "preserve_insertion_order": False,  # where order matters, a model states it
    }
    if options.memory_limit:
        settings["memory_limit"] = options.memory_limit
    if options.threads:
        settings["threads"] = options.threads
    if database:
        settings["temp_directory"] = str(database.with_suffix(".spill"))
    return settings


def _variables(options: SqlmeshTransform, run_time: datetime) -> dict[str, str | int | bool]:
    names = [name for name in vars(options) if name.startswith(("min_", "max_"))]
    return {name: getattr(options, name) for name in names} | {
        "export_all": options.export_all,
        "run_time": run_time.astimezone(UTC).isoformat(),
    }


def create_inputs(database: Path, inputs: Inputs) -> None:
    """Create the views that the models read, cast to the types of external_models.yaml; no files means no rows."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA inputs")
        for model in yaml.load(project() / "external_models.yaml"):
            files = inputs[model["name"].removeprefix("inputs.")]
            connection.execute(f"CREATE VIEW {model['name']} AS {_select(model['columns'], files)}")


def _select(columns: Mapping[str, str], files: Sequence[Path]) -> str:
    if not files:
        return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in columns.items())} WHERE FALSE"
    names = ", ".join(f"'{_as_file_name(path)}'" for path in files)
    casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in columns.items())
    return f"SELECT {casts} FROM read_parquet([{names}], hive_partitioning = FALSE)"


def _as_file_name(path: Path) -> str:
    """Return a path as DuckDB must read it to open that file alone: every name is a pattern to it."""
    return re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''")


def build_models(
    database: Path, options: SqlmeshTransform, inputs: Inputs, run_time: datetime, progress: Callable[[str], None]
) -> None:
    """Build every model of the project in a new DuckDB file; raises AuditError when a blocking audit fails."""
    create_inputs(database, inputs)
    listener = Listener(progress)
    set_console(listener)
    config = sqlmesh_config(options, run_time, database, database.with_suffix(".cache"))
    config = config.copy(update={"ignore_patterns": ["tests/*"]})  # loading the unit tests takes half a second
    constants.MAX_FORK_WORKERS = 1  # a process that has threads (obstore, DuckDB) must not fork: the child may hang
    context = Context(paths=[project()], config=config)
    try:
        context.plan(auto_apply=True, no_prompts=True, no_diff=True, skip_tests=True, skip_linter=True)
    except PlanError as error:
        raise listener.cause(context) or error from error
    finally:
        context.close()


class Listener(NoopConsole):
    """Receives what SQLMesh would print: passes warnings on as progress and keeps failures for one error."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.progress = progress
        self.failures: list[NodeExecutionFailedError[Any]] = []

    def log_warning(self, short_message: str, long_message: str | None = None) -> None:
        """Pass a warning on."""
        self.progress(f"warning: {short_message.strip()}")

    def log_failed_models(self, errors: list[NodeExecutionFailedError[Any]]) -> None:
        """Keep the failures of models."""
        self.failures += errors

    def cause(self, context: Context) -> Exception | None:
        """Return why the models failed: all failed audits as one error, otherwise the first exception."""
        causes = [failure.__cause__ for failure in self.failures]
        failed = [audit for cause in causes if isinstance(cause, NodeAuditsErrors) for audit in cause.errors]
        if failed:
            return audit_error([_describe(audit, context) for audit in failed])
        return next((cause for cause in causes if isinstance(cause, Exception)), None)


def audit_error(descriptions: list[str]) -> AuditError:
    """Return the error for failed audits, each described as `<audit> on <model>: <rows>`."""
    names = ", ".join(dict.fromkeys(text.split(" on ", 1)[0] for text in descriptions))
    return AuditError(
        f"the audit {names} stopped the works index: nothing was exported",
        on="; ".join(descriptions),
        next="check that the inputs are complete (or run their chains again), or correct "
        "PROCESS_WORKS_SQLMESH_TRANSFORM_MIN_* / MAX_*, then run sqlmesh-transform again",
    )


def _describe(audit: FailedAudit, context: Context) -> str:
    """Return the name of a failed audit, its model, and the first rows that failed it."""
    rows = context.engine_adapter.fetchdf(audit.query.order_by("1").limit(ROWS_SHOWN)).to_dict("records")
    shown = "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows)
    more = f" and {audit.count - len(rows):,} more" if audit.count > len(rows) else ""
    return f"{audit.audit_name} on {audit.model_name}: {shown}{more}"
