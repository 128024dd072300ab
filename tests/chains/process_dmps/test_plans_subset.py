"""Which plans a run on a subset takes."""

import json

import pytest

from dmpworks.chains.process_dmps.export import newest, plan_from_export
from dmpworks.chains.process_dmps.plan_files import read_lines
from dmpworks.chains.process_dmps.subset import read_plan_subset
from dmpworks.errors import JobError
from dmpworks.matching.records import Institution, Plan
from tests.conftest import DATA


def test_listed_plans_and_plans_of_listed_institutions(bucket) -> None:
    bucket.put("meta/dmp_dois.json", json.dumps(["https://doi.org/10.48321/D9A"]).encode())
    places = [{"name": "University of Alham", "ror": "https://ror.org/0arb7sd45"}, {"name": "Hexstead", "ror": None}]
    bucket.put("meta/dmp_institutions.json", json.dumps(places).encode())
    subset = read_plan_subset(bucket)
    at = {
        "ror": Institution(None, "0arb7sd45"),
        "name": Institution("UNIVERSITY OF ALHAM", None),
        "name alone": Institution("Hexstead", None),
        "listed without ror": Institution("Hexstead", "0gq1j4x22"),
        "other ror": Institution("University of Alham", "0fp6x9762"),
        "other name": Institution("University", None),
    }
    held = {name: subset.contains(Plan("10.48321/b", institutions=(place,))) for name, place in at.items()}
    assert {name for name, found in held.items() if found} == {"ror", "name", "name alone", "listed without ror"}
    assert subset.contains(Plan("10.48321/d9a"))
    assert not subset.contains(Plan("10.48321/b"))


def test_the_planted_subset_holds_every_listed_plan_and_more(planted) -> None:
    subset = read_plan_subset(planted)
    path = DATA / "planted/dmps/2026-10-01/download/coki-dmps_2026-10-01_1.jsonl.gz"
    plans, _ = newest(map(plan_from_export, read_lines(path)))
    kept = [plan.doi for plan in plans if subset.contains(plan)]
    assert len(subset.dois) == 20 and subset.dois < set(kept)
    assert len(kept) < 40


@pytest.mark.parametrize("stored", [None, b"{}", b"no json", b"[1]", b'["\xff"]'])
def test_a_list_that_cannot_be_used_stops_the_run(bucket, stored: bytes | None) -> None:
    bucket.put("meta/dmp_institutions.json", b"[]")
    if stored is not None:
        bucket.put("meta/dmp_dois.json", stored)
    with pytest.raises(JobError) as caught:
        read_plan_subset(bucket)
    assert "meta/dmp_dois.json" in caught.value.on
