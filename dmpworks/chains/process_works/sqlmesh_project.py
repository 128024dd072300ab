"""The SQLMesh project `sqlmesh/`: its configuration, its inputs, and its models in the order in which to build them."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from sqlmesh import Config, Context, Model
from sqlmesh.core import constants
from sqlmesh.core.config import DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig
from sqlmesh.core.config.common import VirtualEnvironmentMode
from sqlmesh.core.console import NoopConsole, set_console
from sqlmesh.utils import yaml
from sqlmesh.utils.errors import SQLMeshError

from dmpworks.chains.process_works.memory import memory_limit
from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.errors import JobError

constants.MAX_FORK_WORKERS = 1  # a process that has threads (obstore, DuckDB) must not fork: the child may hang
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
        database=str(database) if database else None,
        connector_config=duckdb_settings(options, database),
        register_comments=False,  # a comment is a statement of its own, and each one writes a checkpoint
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


def duckdb_settings(options: SqlmeshTransform, database: Path | None) -> dict[str, str | int | bool]:
    """Return what DuckDB is configured with; it may write what does not fit into memory beside the database."""
    settings: dict[str, str | int | bool] = {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": False,  # a job never downloads code
        "enable_progress_bar": False,  # in a log it would fill thousands of lines
        "memory_limit": options.memory_limit or memory_limit(),
        "preserve_insertion_order": False,  # where order matters, a model states it
    }
    if options.threads:
        settings["threads"] = options.threads
    if database:
        settings["temp_directory"] = str(database.with_suffix(".spill"))
    return settings


def _variables(options: SqlmeshTransform, run_time: datetime) -> dict[str, str | int | float | bool]:
    names = [name for name in vars(options) if name.startswith(("min_", "max_"))]
    return {name: getattr(options, name) for name in names} | {
        "export_all": options.export_all,
        "run_time": run_time.astimezone(UTC).isoformat(),
    }


def load_models(options: SqlmeshTransform, run_time: datetime, database: Path) -> list[Model]:
    """Return the models of the project, each after those that it reads; nothing is executed."""
    set_console(NoopConsole())
    config = sqlmesh_config(options, run_time, database, database.with_suffix(".cache"))
    config = config.copy(update={"ignore_patterns": ["tests/*"]})  # loading the unit tests takes half a second
    try:
        context = Context(paths=[project()], config=config)
    except SQLMeshError as error:
        raise JobError(
            "the SQLMesh project could not be loaded",
            on=str(error).split("\n")[0],
            next=f"make room in {database.parent} if the disk is full, otherwise install dmpworks again",
        ) from error
    try:
        models = (context.models.get(name) for name in context.dag.sorted)
        return [model for model in models if model and not model.kind.is_external]
    finally:
        context.close()


def create_inputs(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Create the views that the models read, cast to the types of external_models.yaml; no files means no rows."""
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
