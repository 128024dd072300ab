"""The DMP Tool's export, as people fill it in, turned into plans."""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dmpworks.chains.process_dmps.export import Dropped, newest, plan_from_export
from dmpworks.chains.process_dmps.plan_files import read_lines, read_plans, write_plans
from dmpworks.jobs.model import Counts
from dmpworks.matching.records import Author, Institution, Plan, PlanAward
from tests.conftest import DATA


def plan(**values: Any) -> Plan:
    found = plan_from_export(json.dumps({"dmp_id": "doi.org/10.48321/D9A"} | values).encode())
    assert isinstance(found, Plan)
    return found


@pytest.fixture(scope="module")
def planted() -> tuple[list[Plan], Counts]:
    path = DATA / "planted/dmps/2026-10-01/download/coki-dmps_2026-10-01_1.jsonl.gz"
    return newest(map(plan_from_export, read_lines(path)))


def test_counts_of_the_planted_world(planted: tuple[list[Plan], Counts]) -> None:
    expected = json.loads((DATA / "planted/expected.json").read_text())["dmps"]
    plans, counts = planted
    assert counts.read == expected["lines"]
    assert counts.written == len(plans) == expected["usable plans"]
    assert counts.dropped == {
        "no dmp_id": expected["plans without dmp_id"],
        "starts in or before 1900": expected["plans that start in or before 1900"],
        "older state": expected["lines of an older state of a plan"],
    }
    assert counts.accounted


def test_contents_of_the_planted_world(planted: tuple[list[Plan], Counts]) -> None:
    expected = json.loads((DATA / "planted/expected.json").read_text())["contents of the usable plans"]
    plans, _ = planted
    authors = [author for plan in plans for author in plan.authors]
    places = [place for plan in plans for place in plan.institutions]
    awards = [award for plan in plans for award in plan.awards]
    assert sum(author.orcid is not None for author in authors) == expected["authors with ORCID"]
    # An e-mail address is no name; who has an ORCID besides stays, known by that alone.
    unnamed = sum(author.full is None for author in authors)
    assert expected["authors"] - len(authors) + unnamed == expected["authors whose name is an e-mail address"]
    assert len(places) == expected["institutions"]
    assert sum(place.ror is not None for place in places) == expected["institutions with ROR"]
    # One true entry names two awards.
    assert sum(award.award_id is not None for award in awards) == expected["funding entries with a true award id"] + 1
    assert sum(plan.project_start is None for plan in plans) == expected["no start"]
    assert sum(plan.project_end is None for plan in plans) == expected["no end"]
    assert sum(plan.abstract_text is None for plan in plans) == expected["description empty, null or n/a"]
    assert not any("<" in f"{plan.title}{plan.abstract_text}" for plan in plans)


def test_one_plan_field_by_field() -> None:
    found = plan(
        dmp_id="https://doi.org/10.48321/D96H08LL",
        created="2021-06-09T23:44:52Z",
        modified="2021-11-15T22:33:14+02:00",
        title="CAREER: <scp>slow</scp> slip &amp; more",
        description="<p>One.</p>\r\n<p>Two.</p>",
        project_start="2021-08-05",
        project_end="2025-10-14T00:00:00Z",
        institutions=[{"name": "Corswick University", "ror": "https://ror.org/01v9gdz51"}, {"name": None, "ror": None}],
        authors=[
            {"name": "Dr. Dong-Hyun Kang", "orcid": None},
            {"name": "tiago.santos@mail.example", "orcid": "http://orcid.org/0009-0501-6099-327X"},
            {"name": "mary.johnson@mail.example", "orcid": None},
            {"name": "https://example.org/me", "orcid": None},
            {"name": "Wei, Zhi-Mei", "orcid": "0009-0501-3050-5123"},
        ],
        funding=[
            {
                "funder": {"name": "National Science Foundation", "id": "https://ror.org/021nxhr62"},
                "grant_id": "DMR-1507101",
            },
            {
                "funder": {"name": "Medical Research Council", "id": "https://doi.org/10.13039/501100000265"},
                "grant_id": "TBD",
            },
            {"funder": None, "grant_id": "n/a"},
        ],
    )
    assert found == Plan(
        doi="10.48321/d96h08ll",
        title="CAREER: slow slip & more",
        abstract_text="One. Two.",
        project_start=date(2021, 8, 5),
        project_end=date(2025, 10, 14),
        created=datetime(2021, 6, 9, 23, 44, 52, tzinfo=UTC),
        modified=datetime(2021, 11, 15, 20, 33, 14, tzinfo=UTC),
        authors=(
            Author(None, "D", "Dong-Hyun", None, None, "Kang", "Dr. Dong-Hyun Kang"),
            Author(orcid="0009-0501-6099-327x"),
            Author("0009-0501-3050-5123", "Z", "Zhi-Mei", None, None, "Wei", "Wei, Zhi-Mei"),
        ),
        institutions=(Institution("Corswick University", "01v9gdz51"),),
        awards=(
            PlanAward("DMR-1507101", "National Science Foundation", "021nxhr62"),
            PlanAward(None, "Medical Research Council", None),
        ),
    )


@pytest.mark.parametrize(
    "placeholder",
    [
        "n/a",
        "N/A",
        "tbd",
        "TBD",
        "pending",
        "Pending",
        "0000",
        "12345",
        "not yet assigned",
        "internally funded",
        "",
        None,
        0,
    ],
)
def test_placeholders_are_no_awards(placeholder: str | int | None) -> None:
    found = plan(funding=[{"funder": {"name": "NSF", "id": None}, "grant_id": placeholder}])
    assert found.awards == (PlanAward(None, "NSF", None),)


def test_several_awards_in_one_field_and_awards_that_are_numbers() -> None:
    nsf = {"name": "NSF", "id": None}
    assert [a.award_id for a in plan(funding=[{"funder": nsf, "grant_id": "1507101; 1507102, tbd"}]).awards] == [
        "1507101",
        "1507102",
    ]
    assert [a.award_id for a in plan(funding=[{"funder": nsf, "grant_id": 1507101}]).awards] == ["1507101"]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2020-13-01", "someday", (None, None)),
        (None, "2021-01-01", (None, date(2021, 1, 1))),
        ("2020-01-01", "2019-01-01", (date(2020, 1, 1), None)),  # an empty span would find nothing
        ("1901-01-01", None, (date(1901, 1, 1), None)),
        (2020, True, (None, None)),
    ],
)
def test_bad_dates_are_unknown(start: Any, end: Any, found: tuple) -> None:
    read = plan(project_start=start, project_end=end)
    assert (read.project_start, read.project_end) == found


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"dmp_id": None}, "no dmp_id"),
        ({"dmp_id": "https://example.org/plan"}, "no dmp_id"),
        ({}, "no dmp_id"),
        ({"dmp_id": "10.48321/a", "project_start": "1900-12-31"}, "starts in or before 1900"),
        ({"dmp_id": "10.48321/a", "project_start": "0001-01-01"}, "starts in or before 1900"),
    ],
)
def test_what_is_no_usable_plan_is_dropped(line: dict, reason: str) -> None:
    assert plan_from_export(json.dumps(line).encode()) == Dropped(reason)


@pytest.mark.parametrize("line", [b"{", b"[]", b"null", b'{"dmp_id": "10.48321/a", "authors": "me"}'])
def test_what_is_no_record_raises(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        plan_from_export(line)


def test_nulls_anywhere_do_no_harm() -> None:
    assert plan(title=None, authors=[None], institutions=None, funding=[None, {"funder": None}]) == Plan("10.48321/d9a")


def test_the_newest_state_counts_whatever_the_order() -> None:
    moments = [None, datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)]
    states = [Plan("10.48321/a", title=str(moment), modified=moment) for moment in moments]
    for order in (states, states[::-1], [states[2], states[0], states[1]]):
        plans, counts = newest(order)
        assert plans == [states[2]]
        assert counts.dropped == {"older state": 2}


def test_lines_of_gzip_and_plain_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"one\n\n  \ntwo")
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as file:
        file.write(b"one\n\ntwo\n")
    assert list(read_lines(tmp_path / "a.jsonl")) == [b"one\n", b"two"]
    assert list(read_lines(tmp_path / "a.jsonl.gz")) == [b"one\n", b"two\n"]


def test_plans_go_from_job_to_job_unchanged(bucket, make_run, planted: tuple[list[Plan], Counts]) -> None:
    assert write_plans(make_run(bucket, "process-dmps", "sync-dmps"), planted[0]) == 40
    phase = make_run(bucket, "process-dmps", "enrich-dmps").earlier("sync-dmps")
    assert list(read_plans(phase)) == planted[0]
