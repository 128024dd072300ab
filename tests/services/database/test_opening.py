"""What a user is told when the database cannot be used; the password is never part of it."""

import traceback
from pathlib import Path

import pytest

from dmpworks.errors import DmpworksError, JobError, SettingsError, TemporaryError
from dmpworks.services.database import open_database


def refused(url: str) -> DmpworksError:
    """Open a database that cannot be opened and return what is said."""
    with pytest.raises(DmpworksError) as failure:
        open_database(url)
    assert "s3cret" not in str(failure.value)
    assert failure.value.what and failure.value.on and failure.value.next
    return failure.value


@pytest.mark.parametrize("url", ["nonsense s3cret", "mysql://user:p@:s3cret@host/db", "mysql://user:s3cret@host:x/db"])
def test_what_is_no_url_is_not_quoted(url: str) -> None:
    error = refused(url)
    assert isinstance(error, SettingsError)
    assert error.what == "DMP_DATABASE_URL cannot be used"
    assert "s3cret" not in "".join(traceback.format_exception(error))


def test_a_database_of_another_kind_is_not_allowed() -> None:
    error = refused("postgresql://user:s3cret@127.0.0.1/db")
    assert isinstance(error, SettingsError)
    assert error.on == "postgresql is not a database that dmpworks supports"


def test_a_server_that_does_not_answer_is_worth_another_attempt() -> None:
    error = refused("mysql+pymysql://user:s3cret@127.0.0.1:1/dmptool")
    assert isinstance(error, TemporaryError)
    assert "127.0.0.1:1/dmptool" in error.on


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    error = refused(f"sqlite:///{tmp_path}/nowhere/dmp-tool.sqlite")
    assert isinstance(error, SettingsError)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to have a header of some kind" * 20)
    error = refused(f"sqlite:///{tmp_path / 'notes.txt'}")
    assert isinstance(error, JobError)
    assert "not a database" in error.on


def test_a_wrong_password_on_mariadb(mariadb_url: str) -> None:
    error = refused(mariadb_url.replace("root@", "somebody:s3cret@") + "/dmptool")
    assert isinstance(error, SettingsError)
    assert error.what == "the database refuses this user"


def test_an_unknown_database_on_mariadb(mariadb_url: str) -> None:
    error = refused(f"{mariadb_url}/nowhere")
    assert isinstance(error, SettingsError)
    assert error.what == "there is no such database"


def test_a_database_without_the_tables(database_url: str) -> None:
    database = open_database(database_url)
    with pytest.raises(JobError):
        database.plan_keys()


def test_the_plain_name_of_mysql_finds_the_driver(mariadb_database: str) -> None:
    database = open_database(mariadb_database.replace("mysql+pymysql", "mysql"))
    database.create_tables()
    assert database.plan_keys() == []
