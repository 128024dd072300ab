"""The DMP Tool's database, once in SQLite and once on a real MariaDB server: the same must hold for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dmpworks.services.database import DmpDatabase, open_database
from tests.services.database.contents import Contents


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.server("mariadb"))])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'dmp-tool.sqlite'}"
    return str(request.getfixturevalue("mariadb_database"))


@pytest.fixture
def database(database_url: str) -> Iterator[DmpDatabase]:
    """The database with the DMP Tool's tables, all empty."""
    opened = open_database(database_url)
    opened.create_tables()
    yield opened
    opened.close()


@pytest.fixture
def contents(database: DmpDatabase, database_url: str) -> Iterator[Contents]:
    """A look into the database by a connection of its own."""
    found = Contents(database_url)
    yield found
    found.engine.dispose()
