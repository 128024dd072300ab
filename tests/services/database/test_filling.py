"""Filling a database from an upload, for the embedded engine and for tests."""

import gzip
from pathlib import Path

import msgspec

from dmpworks.chains.process_dmps.database_plans import plan_from_row, row_of_plan
from dmpworks.chains.process_dmps.export import newest, plan_from_export
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from tests.services.database.contents import Contents


def uploaded(data: Path) -> list[Plan]:
    with gzip.open(data / "planted/dmps/2026-10-01/download/coki-dmps_2026-10-01_1.jsonl.gz") as file:
        return newest(map(plan_from_export, file))[0]


def test_plans_come_back_as_they_were_uploaded(database: DmpDatabase, data: Path) -> None:
    plans = uploaded(data)
    assert database.load_plans([row_of_plan(plan) for plan in plans]) == 40

    back = [plan_from_row(row) for row in database.plans()]

    assert [_but_names(plan) for plan in back] == [_but_names(plan) for plan in plans]
    for one, other in zip(back, plans, strict=True):
        assert isinstance(one, Plan)
        assert {(place.ror or place.name) for place in one.institutions} == {
            (place.ror or place.name) for place in other.institutions
        }


def _but_names(plan: object) -> Plan:
    """A table of organisations has one name for each; an upload may write another every time."""
    assert isinstance(plan, Plan)
    awards = tuple(msgspec.structs.replace(a, funder_name=None if a.funder_ror else a.funder_name) for a in plan.awards)
    authors = tuple((author.orcid, author.given_name, author.surname) for author in plan.authors)
    return msgspec.structs.replace(plan, institutions=(), awards=awards, authors=authors)  # type: ignore[arg-type]


def test_loading_again_changes_nothing(database: DmpDatabase, contents: Contents, data: Path) -> None:
    rows = [row_of_plan(plan) for plan in uploaded(data)]
    database.load_plans(rows)
    before = contents.everything()

    assert database.load_plans(rows) == 0

    after = contents.everything()
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    for table in ("plans", "projects", "affiliations"):
        assert after[table] == before[table]


def test_a_changed_plan_keeps_its_id_and_others_stay(database: DmpDatabase, contents: Contents, data: Path) -> None:
    plans = uploaded(data)
    database.load_plans([row_of_plan(plan) for plan in plans])
    ids = {row["dmpId"]: row["id"] for row in contents.rows("plans")}

    changed = msgspec.structs.replace(plans[5], title="Ünïcode 🦋 title", authors=plans[5].authors[:1])
    database.load_plans([row_of_plan(changed)])

    assert {row["dmpId"]: row["id"] for row in contents.rows("plans")} == ids
    found = {row.dmp_id: row for row in database.plans()}[f"https://doi.org/{changed.doi}"]
    assert found.title == "Ünïcode 🦋 title"
    assert len([member for member in found.members if member.surname]) == 1
    assert contents.count("plans") == 40
