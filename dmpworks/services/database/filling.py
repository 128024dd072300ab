"""Filling the embedded database (and those of tests) with plans."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from dmpworks.services.database.rows import COMPLETE, Affiliation, PlanRow
from dmpworks.services.database.tables import (
    affiliations,
    plan_members,
    plans,
    project_fundings,
    project_members,
    projects,
)

BATCH = 500  # values in one IN (...)


def fill_plans(connection: Connection, rows: Sequence[PlanRow]) -> int:
    """Insert or update the plans of these rows: known ones keep their id; return how many are new."""
    known = {row.dmpId: row for row in connection.execute(select(plans.c.dmpId, plans.c.id, plans.c.projectId))}
    new = [row for row in rows if row.dmp_id not in known]
    first_plan, first_project = _next_id(connection, plans), _next_id(connection, projects)
    ids = {row.dmp_id: (known[row.dmp_id].id, known[row.dmp_id].projectId) for row in rows if row.dmp_id in known}
    ids |= {row.dmp_id: (first_plan + n, first_project + n) for n, row in enumerate(new)}
    _remove_parts(connection, [ids[row.dmp_id] for row in rows if row.dmp_id in known])
    _write(connection, projects, [_project(ids[row.dmp_id][1], row) for row in rows], known=bool(known))
    _write(connection, plans, [_plan(*ids[row.dmp_id], row) for row in rows], known=bool(known))
    _add_affiliations(connection, rows)
    _add_people(connection, rows, ids)
    _insert(connection, project_fundings, [part for row in rows for part in _fundings(ids[row.dmp_id][1], row)])
    return len(new)


def _next_id(connection: Connection, table: Table) -> int:
    return (connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1


def _project(project_id: int, row: PlanRow) -> dict[str, Any]:
    return {
        "id": project_id,
        "title": row.title,
        "abstractText": row.abstract_text,
        "startDate": row.start,
        "endDate": row.end,
        "isTestProject": False,
    }


def _plan(plan_id: int, project_id: int, row: PlanRow) -> dict[str, Any]:
    return {
        "id": plan_id,
        "projectId": project_id,
        "title": row.title,
        "status": COMPLETE,
        "dmpId": row.dmp_id,
        "registered": _naive(row.registered),
        "created": _naive(row.created),
        "modified": _naive(row.modified),
    }


def _fundings(project_id: int, row: PlanRow) -> list[dict[str, Any]]:
    return [
        {
            "projectId": project_id,
            "affiliationId": funding.funder.uri if funding.funder else None,
            "status": funding.status,
            "funderProjectNumber": funding.project_number,
            "grantId": funding.grant_id,
            "funderOpportunityNumber": funding.opportunity,
        }
        for funding in row.fundings
    ]


def _add_people(connection: Connection, rows: Iterable[PlanRow], ids: dict[str, tuple[int, int]]) -> None:
    number = _next_id(connection, project_members)
    people, links = [], []
    for row in rows:
        plan_id, project_id = ids[row.dmp_id]
        for member in row.members:
            people.append(
                {
                    "id": number,
                    "projectId": project_id,
                    "affiliationId": member.affiliation.uri if member.affiliation else None,
                    "givenName": member.given_name,
                    "surName": member.surname,
                    "orcid": member.orcid,
                }
            )
            links.append({"planId": plan_id, "projectMemberId": number, "isPrimaryContact": member.primary_contact})
            number += 1
    _insert(connection, project_members, people)
    _insert(connection, plan_members, links)


def _add_affiliations(connection: Connection, rows: Iterable[PlanRow]) -> None:
    stated = [place for row in rows for place in _affiliations(row)]
    known = {uri.lower() for uri in connection.execute(select(affiliations.c.uri)).scalars()}
    new = {place.uri.lower(): {"uri": place.uri, "name": place.name} for place in reversed(stated)}
    _insert(connection, affiliations, [values for uri, values in new.items() if uri not in known])


def _affiliations(row: PlanRow) -> list[Affiliation]:
    stated = [*(member.affiliation for member in row.members), *(funding.funder for funding in row.fundings)]
    return [place for place in stated if place]


def _remove_parts(connection: Connection, known: Sequence[tuple[int, int]]) -> None:
    """Remove people and fundings of plans that will be written again."""
    for start in range(0, len(known), BATCH):
        plan_ids, project_ids = zip(*known[start : start + BATCH], strict=True)
        connection.execute(delete(plan_members).where(plan_members.c.planId.in_(plan_ids)))
        connection.execute(delete(project_members).where(project_members.c.projectId.in_(project_ids)))
        connection.execute(delete(project_fundings).where(project_fundings.c.projectId.in_(project_ids)))


def _write(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], known: bool) -> None:
    """Insert the rows that are new and update the others."""
    present = set(connection.execute(select(table.c.id)).scalars()) if known else set()
    _insert(connection, table, [row for row in rows if row["id"] not in present])
    changed = [{("key" if name == "id" else name): row[name] for name in row} for row in rows if row["id"] in present]
    if changed:
        connection.execute(update(table).where(table.c.id == bindparam("key")), changed)


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _naive(moment: datetime | None) -> datetime | None:
    """Return the time as the database keeps it: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
