"""Plans as the database holds them, with what people decided about their works."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, and_, func, or_, select

from dmpworks.services.database.rows import (
    ACCEPTED,
    COMPLETE,
    PENDING,
    REJECTED,
    USER_ADDED,
    Affiliation,
    Decisions,
    Funding,
    Member,
    PlanKey,
    PlanRow,
)
from dmpworks.services.database.tables import (
    affiliations,
    plan_members,
    plans,
    project_fundings,
    project_members,
    projects,
    related_works,
    work_versions,
    works,
)

BATCH = 1000  # plans that are read at a time


def plan_keys(connection: Connection) -> list[PlanKey]:
    """Return every plan that has a `dmpId`, in order of id."""
    query = select(
        plans.c.id, plans.c.dmpId, plans.c.modified, plans.c.registered, plans.c.created, _usable().label("usable")
    ).select_from(_with_project())
    rows = connection.execute(query.where(_has_doi()).order_by(plans.c.id))
    return [
        PlanKey(row.id, row.dmpId, bool(row.usable), _utc(row.modified) or _utc(row.registered) or _utc(row.created))
        for row in rows
    ]


def read_plans(connection: Connection) -> Iterator[PlanRow]:
    """Yield every usable plan, in order of id."""
    last = 0
    while rows := connection.execute(_plans_after(last)).all():
        members = _members(connection, [row.id for row in rows])
        fundings = _fundings(connection, [row.projectId for row in rows])
        for row in rows:
            yield _plan(row, tuple(members[row.id]), tuple(fundings[row.projectId]))
        last = rows[-1].id


def read_decisions(connection: Connection) -> dict[int, Decisions]:
    """Return the works that people accepted and rejected, by the plan's id."""
    decided: dict[int, dict[str, list[str]]] = defaultdict(lambda: {ACCEPTED: [], REJECTED: []})
    for plan_id, doi, status in connection.execute(_links(related_works.c.status.in_((ACCEPTED, REJECTED)))):
        decided[plan_id][status].append(doi)
    return {plan_id: Decisions(tuple(dois[ACCEPTED]), tuple(dois[REJECTED])) for plan_id, dois in decided.items()}


def read_pending(connection: Connection) -> dict[int, list[str]]:
    """Return the DOIs, in lower case, of the PENDING links that the system found, by the plan's id."""
    by_system = and_(related_works.c.status == PENDING, related_works.c.sourceType != USER_ADDED)
    pending: dict[int, list[str]] = defaultdict(list)
    for plan_id, doi, _ in connection.execute(_links(by_system)):
        pending[plan_id].append(doi.lower())
    return pending


def _links(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(related_works.c.planId, works.c.doi, related_works.c.status)
        .join_from(related_works, work_versions, work_versions.c.id == related_works.c.workVersionId)
        .join(works, works.c.id == work_versions.c.workId)
        .where(condition)
        .order_by(related_works.c.planId, works.c.doi)
    )


def _with_project() -> FromClause:
    return plans.outerjoin(projects, projects.c.id == plans.c.projectId)


def _has_doi() -> ColumnElement[bool]:
    return func.coalesce(plans.c.dmpId, "") != ""


def _usable() -> ColumnElement[bool]:
    # Nobody says of most projects whether they are tests: null is no.
    no_test = or_(projects.c.isTestProject.is_(None), projects.c.isTestProject.is_(False))
    return func.coalesce(and_(plans.c.status == COMPLETE, no_test), False)


def _plans_after(last: int) -> Select[Any]:
    columns = (projects.c.title.label("projectTitle"), *(projects.c[name] for name in _PROJECT_COLUMNS))
    query = select(plans, *columns).select_from(_with_project())
    return query.where(_has_doi(), _usable(), plans.c.id > last).order_by(plans.c.id).limit(BATCH)


_PROJECT_COLUMNS = ("abstractText", "startDate", "endDate")


def _members(connection: Connection, ids: Sequence[int]) -> dict[int, list[Member]]:
    query = (
        select(plan_members.c.planId, plan_members.c.isPrimaryContact, project_members, affiliations.c.uri, _NAME)
        .join_from(plan_members, project_members, project_members.c.id == plan_members.c.projectMemberId)
        .outerjoin(affiliations, affiliations.c.uri == project_members.c.affiliationId)
        .where(plan_members.c.planId.in_(ids))
        .order_by(plan_members.c.planId, plan_members.c.projectMemberId)
    )
    members: dict[int, list[Member]] = defaultdict(list)
    for row in connection.execute(query):
        member = Member(row.givenName, row.surName, row.orcid, _affiliation(row), bool(row.isPrimaryContact))
        members[row.planId].append(member)
    return members


def _fundings(connection: Connection, project_ids: Sequence[int]) -> dict[int, list[Funding]]:
    query = (
        select(project_fundings, affiliations.c.uri, _NAME)
        .outerjoin_from(project_fundings, affiliations, affiliations.c.uri == project_fundings.c.affiliationId)
        .where(project_fundings.c.projectId.in_(project_ids))
        .order_by(project_fundings.c.projectId, project_fundings.c.id)
    )
    fundings: dict[int, list[Funding]] = defaultdict(list)
    for row in connection.execute(query):
        funding = Funding(
            _affiliation(row), row.status, row.funderProjectNumber, row.grantId, row.funderOpportunityNumber
        )
        fundings[row.projectId].append(funding)
    return fundings


_NAME = affiliations.c.name.label("affiliationName")


def _affiliation(row: Row[Any]) -> Affiliation | None:
    """Return the organisation; one that has no row of its own still has its URI."""
    return Affiliation(row.uri or row.affiliationId, row.affiliationName) if row.affiliationId else None


def _plan(row: Row[Any], members: tuple[Member, ...], fundings: tuple[Funding, ...]) -> PlanRow:
    return PlanRow(
        id=row.id,
        dmp_id=row.dmpId,
        title=row.title or row.projectTitle,
        abstract_text=row.abstractText,
        start=row.startDate,
        end=row.endDate,
        registered=_utc(row.registered),
        created=_utc(row.created),
        modified=_utc(row.modified),
        members=members,
        fundings=fundings,
    )


def _utc(value: object) -> datetime | None:
    """Return a time with its zone; what the driver returns as text is not a time (MySQL's 0000-00-00)."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
