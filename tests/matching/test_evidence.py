"""Evidence comes from plan and work alone, in the form that the DMP Tool reads."""

from datetime import date

import msgspec
import pytest

from dmpworks.matching.evidence import ContentMatch, Match, PlanMatches, evidence, published_between
from dmpworks.matching.records import Author, Award, FundedDoi, Funder, Institution, PlanAward, Relations

ADA = Author(orcid="0000-0001-2345-678x", first_initial="A", given_name="Ada", surname="Byron", full="Ada Byron")
NO_ORCID = msgspec.structs.replace(ADA, orcid=None)
NAMESAKE = msgspec.structs.replace(ADA, orcid="0000-0009-9999-9999")


def test_without_strong_evidence_there_is_no_match(plan, work) -> None:
    supported = {
        "institutions": (Institution("University of Alham", "0arb7sd45"),),
        "funders": (Funder("National Science Foundation", "021nxhr62"),),
        "authors": (NAMESAKE,),
    }
    ours = plan(
        authors=(ADA,),
        institutions=supported["institutions"],
        awards=(PlanAward(None, "National Science Foundation", "021nxhr62"),),
    )
    assert evidence(ours, work(**supported), ContentMatch(0.9)) is None
    assert evidence(ours, work(**supported | {"authors": (NO_ORCID,)})) is not None


@pytest.mark.parametrize(
    "strong",
    [
        {"authors": (ADA,)},
        {"authors": (Author(), NO_ORCID)},
        {"awards": (Award("1531511"),)},
        {"doi": "10.5/funded"},
        {"relations": Relations(intra_work_dois=("10.5/known",))},
        {"relations": Relations(possible_shared_project_dois=("10.5/other", "10.5/known"))},
        {"relations": Relations(dataset_citation_dois=("10.5/known",))},
    ],
)
def test_each_strong_signal_is_enough(plan, work, strong) -> None:
    ours = plan(
        authors=(ADA,),
        awards=(PlanAward("1531511", "National Science Foundation"),),
        accepted_dois=("10.5/known",),
        funded_dois=(FundedDoi("10.5/funded"),),
    )
    found = evidence(ours, work(**strong))
    assert found is not None and found.has_strong_evidence
    assert evidence(ours, work()) is None


def test_the_json_is_what_the_dmp_tool_reads(plan, work) -> None:
    ours = plan(
        authors=(ADA,),
        institutions=(Institution("University of Alham"),),
        accepted_dois=("10.5/known",),
        funded_dois=(FundedDoi("10.5/w", "1531511", "1531511-2", "https://nsf.example/1531511"),),
    )
    theirs = work(
        title="On engines",
        authors=(Author(surname="Babbage", full="C. Babbage"), ADA),
        institutions=(Institution("Department of Engines, University of Alham, Alham", "0arb7sd45"),),
        relations=Relations(("10.5/a", "10.5/known"), ("10.5/known",), ("10.5/known",)),
    )
    found = msgspec.json.decode(msgspec.json.encode(evidence(ours, theirs)))
    assert list(found) == [
        *("dmpDoi", "work", "score", "scoreMax", "doiMatch", "contentMatch", "authorMatches", "institutionMatches"),
        *("funderMatches", "awardMatches", "intraWorkDoiMatches", "possibleSharedProjectDoiMatches"),
        "datasetCitationDoiMatches",
    ]
    assert found["dmpDoi"] == "10.48321/p"
    assert (found["work"]["doi"], found["work"]["publicationDate"]) == ("10.5/w", "2020-06-01")
    assert found["doiMatch"] == {
        "found": True,
        "score": 1.0,
        "sources": [
            {"parentAwardId": "1531511", "awardId": "1531511-2", "awardUrl": "https://nsf.example/1531511"},
        ],
    }
    assert found["contentMatch"] == {"score": 0.0, "titleHighlight": None, "abstractHighlights": []}
    assert found["authorMatches"] == [{"index": 1, "score": 1.0, "fields": ["authors.orcid"]}]
    assert found["institutionMatches"] == [{"index": 0, "score": 0.8, "fields": ["institutions.name"]}]
    assert found["intraWorkDoiMatches"] == [{"index": 1, "score": 1.0, "fields": ["relations.intraWorkDois"]}]
    assert found["datasetCitationDoiMatches"][0]["fields"] == ["relations.datasetCitationDois"]


def test_a_line_of_matches_reads_as_it_was_written(plan, work) -> None:
    found = evidence(plan(authors=(ADA,)), work(authors=(ADA,)))
    line = PlanMatches("10.48321/p", (found,))
    assert msgspec.json.decode(msgspec.json.encode(line), type=PlanMatches) == line
    assert msgspec.json.encode(PlanMatches("10.48321/p")) == b'{"dmpDoi":"10.48321/p","works":[]}'


def test_plans_and_decided_works_are_no_results(plan, work) -> None:
    ours = plan(authors=(ADA,), accepted_dois=("10.5/yes",), rejected_dois=("10.5/no",))
    by_ada = {"authors": (ADA,)}
    assert isinstance(evidence(ours, work(**by_ada)), Match)
    assert evidence(ours, work(doi="10.48321/p", **by_ada)) is None
    assert evidence(ours, work(work_type="OUTPUT_MANAGEMENT_PLAN", **by_ada)) is None
    assert evidence(ours, work(doi="10.5/yes", **by_ada)) is None
    assert evidence(ours, work(doi="10.5/no", **by_ada)) is None


@pytest.mark.parametrize(
    ("published", "found"),
    [
        (date(2018, 12, 31), False),
        (date(2019, 1, 1), True),
        (date(2024, 12, 31), True),
        (date(2025, 1, 1), False),
        (None, False),
    ],
)
def test_only_works_of_the_projects_time(plan, work, published, found) -> None:
    match = evidence(plan(authors=(ADA,)), work(authors=(ADA,), publication_date=published))
    assert (match is not None) is found


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, (date(1990, 1, 1), None)),
        (date(2019, 5, 1), None, (date(2019, 5, 1), None)),
        (None, date(2020, 2, 29), (date(1990, 1, 1), date(2023, 2, 28))),
        (date(2019, 5, 1), date(2021, 6, 30), (date(2019, 5, 1), date(2024, 6, 30))),
        (date(2019, 5, 1), date(9999, 1, 1), (date(2019, 5, 1), None)),
    ],
)
def test_the_projects_time(plan, start, end, span) -> None:
    assert published_between(plan(project_start=start, project_end=end)) == span
