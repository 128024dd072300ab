"""What tests put into the database behind dmpworks' back, and what they find there afterwards."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, func, insert, select, update

from dmpworks.services.database.tables import (
    EVIDENCE,
    METADATA,
    related_works,
    work_versions,
    works,
)


class Contents:
    """A look into the database by a connection of its own."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url)

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Add rows as they are."""
        with self.engine.begin() as connection:
            for row in rows:
                connection.execute(insert(METADATA.tables[table]).values(**row))

    def add_plan(self, number: int, doi: str, **values: Any) -> None:
        """Add a plan that is complete, in a project of its own with the same number."""
        self.insert("projects", {"id": number, "title": f"Project {number}", "isTestProject": False})
        plan = {"id": number, "projectId": number, "title": f"Plan {number}", "status": "COMPLETE", "dmpId": doi}
        self.insert("plans", plan | values)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return a table's rows in order of their first column."""
        with self.engine.connect() as connection:
            found = connection.execute(select(METADATA.tables[table])).mappings()
            return sorted((dict(row) for row in found), key=lambda row: next(iter(row.values())))

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Return all rows of all tables."""
        return {name: self.rows(name) for name in METADATA.tables}

    def count(self, table: str) -> int:
        """Return the number of a table's rows."""
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(METADATA.tables[table])).scalar_one()

    def links(self) -> dict[tuple[int, str], dict[str, Any]]:
        """Return all links by plan and work: their columns with the work's hash and title in place of ids."""
        query = (
            select(related_works, works.c.doi, work_versions.c.hash, work_versions.c.title)
            .join_from(related_works, work_versions, work_versions.c.id == related_works.c.workVersionId)
            .join(works, works.c.id == work_versions.c.workId)
        )
        with self.engine.connect() as connection:
            found = [dict(row) for row in connection.execute(query).mappings()]
        wanted = ("score", "scoreMax", "status", "sourceType", "hash", "title", *EVIDENCE)
        links = {(row["planId"], row["doi"]): {name: row[name] for name in wanted} for row in found}
        assert len(links) == len(found), "a plan is linked twice to one work"
        return links

    def statuses(self) -> dict[tuple[int, str], str]:
        """Return the status of each link by plan and work."""
        return {key: link["status"] for key, link in self.links().items()}

    def decide(self, plan: int, doi: str, status: str) -> None:
        """Do what a person does who accepts or rejects a work."""
        versions = (
            select(work_versions.c.id).join(works, works.c.id == work_versions.c.workId).where(works.c.doi == doi)
        )
        change = update(related_works).where(related_works.c.planId == plan)
        with self.engine.begin() as connection:
            ids = list(connection.execute(versions).scalars())
            changed = connection.execute(change.where(related_works.c.workVersionId.in_(ids)).values(status=status))
        assert changed.rowcount == 1

    def change(self, table: str, number: int, **values: Any) -> None:
        """Set columns of one row."""
        target = METADATA.tables[table]
        with self.engine.begin() as connection:
            connection.execute(update(target).where(target.c.id == number).values(**values))
