"""The models as plain SQL, run in order without SQLMesh's planning: quick enough for hundreds of worlds."""

from collections.abc import Iterable
from pathlib import Path

import duckdb
from sqlmesh import Context

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sqlmesh_project import create_inputs, project, sqlmesh_config
from tests.chains.process_works.world import SCHEMAS, World

DATABASE = "memory.duckdb"  # the rendered SQL names the catalog of a DuckDB in memory: `memory`


class Models:
    """The SQLMesh project's models; SQLMesh keeps its cache in the folder given."""

    def __init__(self, cache: Path) -> None:
        config = sqlmesh_config(SqlmeshTransform(), cache=cache).copy(update={"ignore_patterns": ["tests/*"]})
        context = Context(paths=[project()], config=config)
        models = (context.models.get(name) for name in context.dag.sorted)
        self.models = {model.name: model for model in models if model and not model.kind.is_external}

    def make(self, connection: duckdb.DuckDBPyConnection, names: Iterable[str] = (), **variables: object) -> None:
        """Make the tables of these models, or of all, in the order of the project."""
        chosen = set(names) or set(self.models)
        for name, model in self.models.items():
            if name in chosen:
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name.split('.')[0]}")
                query = model.render_query(variables=variables).sql("duckdb")
                connection.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")


def connect(folder: Path, inputs: dict[str, list[Path]]) -> duckdb.DuckDBPyConnection:
    """Return a fresh database with the inputs as the job makes them."""
    (folder / DATABASE).unlink(missing_ok=True)
    create_inputs(folder / DATABASE, inputs)
    connection = duckdb.connect(str(folder / DATABASE))
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = FALSE")
    return connection


def works(models: Models, world: World, folder: Path, **variables: object) -> dict[str, dict]:
    """Return the works index of a world by DOI."""
    inputs = {name.replace("-", "_"): sorted((world.bucket.root / name).rglob("*.parquet")) for name in SCHEMAS}
    with connect(folder, inputs | {"states": [], "unsynced": []}) as connection:
        models.make(connection, **variables)
        rows = connection.execute("FROM works.index").to_arrow_table().to_pylist()
    return {row["doi"]: row for row in rows}
