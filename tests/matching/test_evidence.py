"""Evidence comes from plan and work alone, in the form that the DMP Tool reads."""

from datetime import date

import msgspec
import pytest

from dmpworks.matching.comparison.content import Topic
from dmpworks.matching.evidence import evidence, published_between, related_evidence, similar_evidence
from dmpworks.matching.matches import Match, PlanMatches
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
    assert evidence(ours, work(**supported)) is None
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


ALHAM = Institution("University of Alham", "0arb7sd45")
NSF = Funder("National Science Foundation", "021nxhr62")
TOPIC = Topic({"graphene": 1.0, "membrane": 1.0})


@pytest.mark.parametrize(
    ("changes", "is_candidate"),
    [
        ({}, True),
        ({"institutions": ()}, False),
        ({"funders": ()}, False),
        ({"title": "Graphite", "abstract_text": None}, False),
        ({"authors": (NO_ORCID,)}, False),  # a direct candidate instead
        ({"publication_date": date(2018, 12, 31)}, False),
        ({"doi": "10.5/no"}, False),
    ],
)
def test_institution_funder_and_content_together_make_a_similar_candidate(plan, work, changes, is_candidate) -> None:
    awards = (PlanAward(None, NSF.name, NSF.ror),)
    ours = plan(authors=(ADA,), institutions=(ALHAM,), awards=awards, rejected_dois=("10.5/no",))
    given = {"title": "Graphene membranes", "institutions": (ALHAM,), "funders": (NSF,)}
    match = similar_evidence(ours, work(**given | changes), TOPIC)
    assert (match is not None) == is_candidate
    if match:
        assert match.evidence_class == "similar" and not match.has_strong_evidence
        assert match.content_match.score == 1.0


def test_a_related_candidate_names_those_it_is_related_to(plan, work) -> None:
    version = work(title="Graphene", relations=Relations(("10.5/direct",)))
    related = related_evidence(plan(), version, TOPIC, ("10.5/direct",))
    assert related is not None
    assert (related.evidence_class, related.related_candidates) == ("related", ("10.5/direct",))
    assert related.content_match.score > 0
    direct = related_evidence(plan(authors=(ADA,)), work(authors=(ADA,)), TOPIC, ("10.5/direct",))
    assert direct is not None
    assert (direct.evidence_class, direct.related_candidates) == ("direct", ())
    assert related_evidence(plan(), work(work_type="OUTPUT_MANAGEMENT_PLAN"), TOPIC, ("10.5/direct",)) is None


@pytest.mark.parametrize(
    ("relations", "institutions", "is_candidate"),
    [
        (Relations(intra_work_dois=("10.5/direct",)), (), True),
        (Relations(possible_shared_project_dois=("10.5/other", "10.5/direct")), (), True),
        (Relations(dataset_citation_dois=("10.5/direct",)), (), False),
        (Relations(dataset_citation_dois=("10.5/direct",)), (ALHAM,), True),
    ],
)
def test_a_citation_is_a_relation_only_from_an_institution_of_the_plan(
    plan, work, relations, institutions, is_candidate
) -> None:
    theirs = work(relations=relations, institutions=institutions)
    match = related_evidence(plan(institutions=(ALHAM,)), theirs, TOPIC, ("10.5/direct",))
    assert (match is not None) == is_candidate


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
        *("datasetCitationDoiMatches", "evidenceClass", "coauthorMatches", "relatedCandidates"),
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
