"""Which plans are read from the DMP Tool's database, and what of them."""

from datetime import UTC, datetime

import pytest

from dmpworks.chains.process_dmps.database_plans import plan_from_row
from dmpworks.chains.process_dmps.export import Dropped
from dmpworks.matching.records import Institution, Plan, PlanAward
from dmpworks.services.database import DmpDatabase
from dmpworks.services.database.rows import Affiliation, Decisions, Member
from tests.services.database.contents import Contents

ROR = "https://ror.org/02mgtg880"


@pytest.fixture
def whole(contents: Contents) -> Contents:
    """One plan with everything."""
    project = {"title": "Project", "abstractText": "What <i>it</i> is about 🧬", "isTestProject": None}
    contents.insert("projects", project | {"id": 5, "startDate": "2021-08-05", "endDate": "2025-10-14"})
    plan = {"id": 9, "projectId": 5, "title": "Plan &amp; more", "status": "COMPLETE", "dmpId": "doi.org/10.48321/D9AB"}
    contents.insert("plans", plan | {"modified": datetime(2024, 5, 6, 7, 8, 9), "registered": datetime(2024, 1, 1)})
    contents.insert("affiliations", {"uri": ROR, "name": "University of Somewhere"})
    contents.insert("affiliations", {"uri": "https://ror.org/021nxhr62", "name": "National Science Foundation"})
    member = {
        "projectId": 5,
        "givenName": "Zoë María",
        "surName": "O'Brien",
        "orcid": "https://orcid.org/0000-0001-2345-678X",
    }
    contents.insert("projectMembers", member | {"id": 1, "affiliationId": ROR})
    contents.insert("projectMembers", {"id": 2, "projectId": 5, "givenName": None, "surName": "Plato"})
    contents.insert("projectMembers", {"id": 3, "projectId": 5, "surName": "Not on this plan"})
    contents.insert("planMembers", *({"planId": 9, "projectMemberId": n, "isPrimaryContact": n == 1} for n in (1, 2)))
    funding = {"projectId": 5, "affiliationId": "https://ror.org/021nxhr62", "status": "GRANTED"}
    contents.insert("projectFundings", funding | {"grantId": "1507101", "funderProjectNumber": "tbd"})
    contents.insert("projectFundings", funding | {"grantId": "pending", "funderOpportunityNumber": "PA-21-277"})
    return contents


def test_a_plan_comes_with_project_members_and_fundings(database: DmpDatabase, whole: Contents) -> None:
    (row,) = database.plans()

    assert (row.id, row.dmp_id, row.title) == (9, "doi.org/10.48321/D9AB", "Plan &amp; more")
    assert (row.start, row.end) == ("2021-08-05", "2025-10-14")
    assert row.modified == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert row.members[0].affiliation == Affiliation(ROR, "University of Somewhere")
    assert [member.surname for member in row.members] == ["O'Brien", "Plato"]
    assert row.members[1] == Member(surname="Plato")


def test_its_texts_are_cleaned_as_those_of_the_export(database: DmpDatabase, whole: Contents) -> None:
    (row,) = database.plans()
    plan = plan_from_row(row)

    assert isinstance(plan, Plan)
    assert (plan.doi, plan.title, plan.abstract_text) == ("10.48321/d9ab", "Plan & more", "What it is about 🧬")
    assert [author.surname for author in plan.authors] == ["O'Brien", "Plato"]
    assert plan.authors[0].orcid == "0000-0001-2345-678x"
    assert plan.institutions == (Institution("University of Somewhere", "02mgtg880"),)
    assert plan.awards == (
        PlanAward("1507101", "National Science Foundation", "021nxhr62"),
        PlanAward(None, "National Science Foundation", "021nxhr62"),
    )


@pytest.mark.parametrize(
    ("plan", "project"),
    [
        ({"status": "DRAFT"}, {}),
        ({"status": None}, {}),
        ({"dmpId": None}, {}),
        ({"dmpId": ""}, {}),
        ({}, {"isTestProject": True}),
    ],
)
def test_plans_that_are_not_searched(
    database: DmpDatabase, whole: Contents, plan: dict[str, object], project: dict[str, object]
) -> None:
    whole.change("plans", 9, **plan) if plan else whole.change("projects", 5, **project)
    assert list(database.plans()) == []


@pytest.mark.parametrize("text", ["", "soon", "2021", "05/08/2021", "2021-02-31", None])
def test_a_date_that_is_none_is_left_out(database: DmpDatabase, whole: Contents, text: str | None) -> None:
    whole.change("projects", 5, startDate=text)
    (row,) = database.plans()
    plan = plan_from_row(row)
    assert isinstance(plan, Plan)
    assert plan.project_start is None
    assert plan.project_end is not None


def test_a_plan_that_starts_in_1900_is_left_out(database: DmpDatabase, whole: Contents) -> None:
    whole.change("projects", 5, startDate="1900-12-31")
    (row,) = database.plans()
    assert plan_from_row(row) == Dropped("starts in or before 1900")


def test_thousands_of_plans_come_each_once(database: DmpDatabase, contents: Contents) -> None:
    contents.insert("projects", *({"id": number, "title": f"P {number}"} for number in range(1, 2302)))
    row = {"status": "COMPLETE", "title": "T"}
    contents.insert("plans", *(row | {"id": n, "projectId": n, "dmpId": f"10.48321/d{n}"} for n in range(1, 2302)))
    assert [row.id for row in database.plans()] == list(range(1, 2302))


def test_decisions_are_told_by_plan(database: DmpDatabase, contents: Contents) -> None:
    for plan in (1, 2, 3):
        contents.add_plan(plan, f"10.48321/d{plan}")
    statuses = {(1, 1): "ACCEPTED", (1, 2): "REJECTED", (1, 3): "PENDING", (2, 1): "REJECTED", (3, 3): "PENDING"}
    contents.insert("works", *({"id": number, "doi": f"10.1/{number}"} for number in (1, 2, 3)))
    contents.insert("workVersions", *({"id": n, "workId": n, "hash": bytes(16)} for n in (1, 2, 3)))
    link = {"sourceType": "SYSTEM_MATCHED"}
    contents.insert(
        "relatedWorks",
        *(link | {"planId": plan, "workVersionId": n, "status": status} for (plan, n), status in statuses.items()),
    )

    assert database.decisions() == {
        1: Decisions(accepted=("10.1/1",), rejected=("10.1/2",)),
        2: Decisions(rejected=("10.1/1",)),
    }
