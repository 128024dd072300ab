"""The DMP Tool's database: plans are read from it, related works merged into it (MySQL, MariaDB, embedded SQLite)."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table

from dmpworks.services import retries
from dmpworks.services.database.connection import (
    describe_conflict,
    is_conflict,
    is_unreachable,
    open_engine,
    translate_errors,
)
from dmpworks.services.database.filling import fill_plans
from dmpworks.services.database.links import PlanLinks
from dmpworks.services.database.orphans import ORPHANS, find_orphans, remove_orphans
from dmpworks.services.database.plans import plan_keys, read_decisions, read_pending, read_plans
from dmpworks.services.database.rows import Decisions, PlanKey, PlanRow
from dmpworks.services.database.tables import METADATA

__all__ = ["DmpDatabase", "open_database"]

T = TypeVar("T")
ATTEMPTS = 8  # at a transaction that conflicts with others': about half a minute in all


class DmpDatabase:
    """The database; every method raises JobError, SettingsError or TemporaryError, no error of a driver."""

    def __init__(self, engine: Engine, embedded: bool = False) -> None:
        self._engine = engine
        self.embedded = embedded  # the SQLite file that we create and fill ourselves
        self.retries = 0  # transactions repeated after a deadlock or the like

    def create_tables(self) -> None:
        """Create the missing tables; in production they exist and belong to the DMP Tool."""
        with translate_errors(self._engine), self._engine.begin() as connection:
            METADATA.create_all(connection)

    def plan_keys(self) -> list[PlanKey]:
        """Return every plan that has a `dmpId`, in order of id."""
        with translate_errors(self._engine), self._engine.connect() as connection:
            return plan_keys(connection)

    def plans(self) -> Iterator[PlanRow]:
        """Yield the plans to search for: COMPLETE, with a `dmpId`, in no test project; a DOI may come several times."""
        with translate_errors(self._engine), self._engine.connect() as connection:
            yield from read_plans(connection)

    def decisions(self) -> dict[int, Decisions]:
        """Return the works that people accepted and rejected, by the plan's id."""
        with translate_errors(self._engine), self._engine.connect() as connection:
            return read_decisions(connection)

    def pending_works(self) -> dict[int, list[str]]:
        """Return the DOIs of the PENDING links that the system found, by the plan's id."""
        with translate_errors(self._engine), self._engine.connect() as connection:
            return read_pending(connection)

    def load_plans(self, rows: Sequence[PlanRow]) -> int:
        """Insert or update plans by `dmp_id`, leaving others as they are; return how many are new."""
        return self._in_transaction(lambda connection: fill_plans(connection, rows))

    def change_links(self, plan_id: int, change: Callable[[PlanLinks], T]) -> T | None:
        """Change a plan's links in one transaction, repeated after a deadlock; None when there is no such plan."""

        def locked(connection: Connection) -> T | None:
            links = PlanLinks(connection, plan_id)
            return change(links) if links.lock() else None

        return self._in_transaction(locked)

    def remove_orphans(self) -> dict[str, int]:
        """Delete versions and works that nothing links to any more; return how many by table."""
        return {table.name: self._remove_orphans(table, orphan) for table, orphan in ORPHANS}

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _remove_orphans(self, table: Table, orphan: ColumnElement[bool]) -> int:
        with translate_errors(self._engine), self._engine.connect() as connection:
            batches = list(find_orphans(connection, table, orphan))
        return sum(
            self._in_transaction(partial(remove_orphans, table=table, orphan=orphan, ids=ids)) for ids in batches
        )

    def _in_transaction(self, change: Callable[[Connection], T]) -> T:
        repeated = retries.attempts(
            describe_conflict, _is_retryable, attempts=ATTEMPTS, timeout=120, first_wait=0.1, longest_wait=10
        )
        with translate_errors(self._engine):
            for attempt in repeated:
                with attempt, self._engine.begin() as connection:
                    self.retries += attempt.num > 1
                    return change(connection)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _is_retryable(error: Exception) -> bool:
    return is_conflict(error) or is_unreachable(error)


def open_database(url: str, embedded: bool = False) -> DmpDatabase:
    """Open the database of a URL (`mysql+pymysql://...`, `sqlite:///FILE`); raises SettingsError or TemporaryError."""
    return DmpDatabase(open_engine(url), embedded)
