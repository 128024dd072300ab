"""The models as tables in a database with settings that render quickly: enough for hundreds of worlds."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sqlmesh_project import BEGINNING, create_inputs, load_models
from tests.chains.process_works.world import SCHEMAS, World

DATABASE = "memory.duckdb"


class Models:
    """The SQLMesh project's models; SQLMesh keeps its cache in the folder given."""

    def __init__(self, cache: Path) -> None:
        self.models = {model.name: model for model in load_models(SqlmeshTransform(), BEGINNING, cache / DATABASE)}

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
    connection = duckdb.connect(str(folder / DATABASE))
    connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = FALSE")
    create_inputs(connection, inputs)
    return connection


def works(models: Models, world: World, folder: Path, **variables: object) -> dict[str, dict]:
    """Return the works index of a world by DOI."""
    inputs = {name.replace("-", "_"): sorted((world.bucket.root / name).rglob("*.parquet")) for name in SCHEMAS}
    with connect(folder, inputs | {"states": [], "unsynced": []}) as connection:
        models.make(connection, **variables)
        rows = connection.execute("FROM works.index").to_arrow_table().to_pylist()
    return {row["doi"]: row for row in rows}
