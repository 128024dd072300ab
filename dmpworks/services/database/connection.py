"""Connections to the database, and the drivers' errors as DmpworksError; a password is never shown."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from dmpworks.errors import DatabaseError, DmpworksError, JobError, SettingsError, TemporaryError

# The pool logs a traceback when it cannot reset a connection that the server has closed. The statement that needed the
# connection has failed with an error of its own by then, and was repeated or reported.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)

VARIABLE = "DMP_DATABASE_URL"
DRIVERS = {"sqlite": "sqlite", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}

# Error numbers of MySQL and MariaDB.
DENIED = (1044, 1045, 1698)  # this user may not use the server or the database
UNKNOWN_DATABASE = (1049,)
FORBIDDEN = (1142, 1143, 1370)  # this user may not do that with a table
OTHER_TABLES = (1146, 1054)  # no such table, no such column
READ_ONLY = (1290, 1792, 1836)  # the server, this transaction
DISK_FULL = (1021, 1030, 1041, 1114, 28)
UNREACHABLE = (1040, 1053, 1203, 1226, 1927, 2002, 2003, 2005, 2006, 2013, 2014, 2055)
CONFLICT = (1020, 1062, 1205, 1213, 1452)  # changed or inserted meanwhile, lock wait, deadlock, removed meanwhile


def open_engine(url: str) -> Engine:
    """Open a database and ask it something; raises SettingsError, JobError or TemporaryError."""
    engine = _sqlite(_parse(url)) if _parse(url).get_backend_name() == "sqlite" else _mysql(_parse(url))
    with translate_errors(engine), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return engine


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The parser's message quotes the text it was given, password included: it must not stay as the error's cause.
        raise _not_a_url("it is not a database URL (a special character in the password must be %-encoded)") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise _not_a_url(f"{backend} is not a database that dmpworks supports")
    return parsed.set(drivername=DRIVERS[backend])


def _not_a_url(why: str) -> SettingsError:
    return SettingsError(
        f"{VARIABLE} cannot be used", on=why, next="give mysql+pymysql://user:password@host/database or sqlite:///FILE"
    )


def _mysql(url: URL) -> Engine:
    # Times are read as UTC, and a value that does not fit is an error, not cut off, whatever the server's default.
    session = "SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
    return create_engine(
        url,
        # Each statement sees what others have committed: what it finds missing is missing, and no gaps are locked.
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        json_serializer=_json,
        connect_args={"charset": "utf8mb4", "connect_timeout": 10, "init_command": session},
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, json_serializer=_json, connect_args={"timeout": 60})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late: see `begin`
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        # A transaction that reads first and writes later could not be completed if another wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _json(value: Any) -> str:
    """Encode what `msgspec` can, so that JSON made elsewhere (`msgspec.Raw`) passes as it is."""
    return msgspec.json.encode(value).decode()


@contextmanager
def translate_errors(engine: Engine) -> Iterator[None]:
    """Raise the drivers\' errors as DmpworksError."""
    try:
        yield
    except DBAPIError as error:
        raise as_dmpworks_error(error, engine.url) from error


def is_conflict(error: Exception) -> bool:
    """Return whether a transaction failed only because of another one, so that it is worth doing again."""
    if not isinstance(error, DBAPIError):
        return False
    return _error_number(error) in CONFLICT or "database is locked" in str(error.orig)


def is_unreachable(error: Exception) -> bool:
    """Return whether the server could not be reached, or the connection was lost."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _error_number(error) in UNREACHABLE)


def describe_conflict(error: Exception) -> str:
    """Return in a few words why a transaction is repeated."""
    if is_unreachable(error):
        return "the DMP Tool's database does not answer"
    return "another program changed the same rows of the database"


def _error_number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def as_dmpworks_error(error: DBAPIError, url: URL) -> DmpworksError:
    """Return our own error for one of a driver's."""
    number, on = _error_number(error), f"{_without_password(url)}: {_message(error)}"
    if is_unreachable(error):
        return TemporaryError(
            "the DMP Tool's database does not answer", on=on, next=f"see that the server runs and {VARIABLE} is right"
        )
    if number in DENIED:
        return SettingsError("the database refuses this user", on=on, next=f"correct user and password in {VARIABLE}")
    if number in UNKNOWN_DATABASE or "unable to open database file" in str(error.orig):
        return SettingsError("there is no such database", on=on, next=f"correct {VARIABLE}")
    for numbers, sqlite_codes, what, next in _UNUSABLE:
        if number in numbers or _sqlite_code(error) in sqlite_codes:
            return DatabaseError(what, on=on, next=next)
    if number in CONFLICT:
        what = "other programs kept changing the same rows of the database"
        return JobError(what, on=on, next="wait until they have ended")
    return JobError("the database refused a statement", on=on, next="fix what the database reports")


# Failures that every other statement of the job would meet too: a merge stops at the first one.
_UNUSABLE = (
    (
        OTHER_TABLES,
        (sqlite3.SQLITE_ERROR,),
        "the database is not the DMP Tool's, or of another version of it",
        f"correct {VARIABLE}: it must have the tables plans, projects, works, workVersions, relatedWorks ...",
    ),
    (
        FORBIDDEN,
        (sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH),
        "the database does not allow this user to do that",
        "have the database's administrator grant this user SELECT, INSERT, UPDATE, DELETE and CREATE TEMPORARY TABLES",
    ),
    (
        READ_ONLY,
        (sqlite3.SQLITE_READONLY,),
        "the database is read-only",
        f"have it made writable, or correct {VARIABLE}: it may name a replica",
    ),
    (
        DISK_FULL,
        (sqlite3.SQLITE_FULL,),
        "the disk of the database is full",
        "make room on the disk of the database",
    ),
    ((), (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT), "the database file is damaged", "restore it from a backup"),
)


def _sqlite_code(error: DBAPIError) -> int | None:
    """Return SQLite's primary result code; its extended codes have more bits (https://sqlite.org/rescode.html)."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code & 0xFF if code is not None else None


def _without_password(url: URL) -> str:
    """Return host and database of a URL, without user and password."""
    return f"{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _message(error: DBAPIError) -> str:
    """Return the driver's own words: the wrapper's also quote the statement and its values."""
    arguments = getattr(error.orig, "args", ())
    return " ".join(str(argument) for argument in arguments)[:300] or type(error.orig).__name__
