"""Removing works and versions that nothing links to any more."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select

from dmpworks.services.database.tables import related_works, work_versions, works

BATCH = 2000  # rows that are looked at, then removed, at a time

ORPHANS: tuple[tuple[Table, ColumnElement[bool]], ...] = (
    (work_versions, ~exists().where(related_works.c.workVersionId == work_versions.c.id)),
    (works, ~exists().where(work_versions.c.workId == works.c.id)),
)
"""What an orphan is, table by table: versions go first, they may leave works without any."""


def find_orphans(connection: Connection, table: Table, orphan: ColumnElement[bool]) -> Iterator[list[int]]:
    """Yield the ids of a table's orphans, batch by batch."""
    last = 0
    while True:
        query = select(table.c.id).where(orphan, table.c.id > last).order_by(table.c.id).limit(BATCH)
        ids = list(connection.execute(query).scalars())
        if not ids:
            return
        yield ids
        last = ids[-1]


def remove_orphans(connection: Connection, table: Table, orphan: ColumnElement[bool], ids: Sequence[int]) -> int:
    """Delete those of the rows that still are orphans; returns how many.

    They are locked first: a merge that runs at the same time may be about to link to one of them. What it has committed
    by the time we hold the lock the second statement sees.
    """
    connection.execute(select(table.c.id).where(table.c.id.in_(ids)).with_for_update())
    return connection.execute(delete(table).where(table.c.id.in_(ids), orphan)).rowcount
