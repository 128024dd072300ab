"""The order of a plan's works: a sum whose parts each have a reason."""

import msgspec
import pytest

from dmpworks.matching.evidence import ContentMatch, DoiMatch, ItemMatch, Match
from dmpworks.matching.ranking import Parts, all_parts, parts, rank
from dmpworks.matching.records import Award, Funder, PlanAward, Relations

NSF = Funder("National Science Foundation", "021nxhr62")
EC = Funder("European Commission", "00k4n6c32")


def item(score: float, index: int = 0) -> ItemMatch:
    return ItemMatch(index, score, ("a.field",))


def test_the_sum_by_hand(plan, work) -> None:
    match = Match(
        "10.48321/p",
        work(),
        doi_match=DoiMatch(True, 1.0),
        content_match=ContentMatch(0.25),
        author_matches=(item(0.6), item(1.0, 2), item(0.9, 3)),
        institution_matches=(item(0.8), item(1.0)),
        funder_matches=(item(0.8),),
        award_matches=(item(0.9), item(0.5)),
        intra_work_doi_matches=(item(1.0),),
        possible_shared_project_doi_matches=(item(1.0), item(1.0, 1)),
        dataset_citation_doi_matches=(item(1.0),),
    )
    found = parts(plan(), match)
    assert found == Parts(
        funded_doi=15.0,
        awards=9.0,
        relations=17.5,
        authors=pytest.approx(3 * (1.0 + 0.45 + 0.15)),
        institutions=2.5,
        funders=pytest.approx(2.4),
        content=3.5,
    )
    assert found.total == pytest.approx(54.7)


def test_evidence_of_funders_and_people_ranks_above_similarity(plan, work) -> None:
    looks_alike = {
        "content_match": ContentMatch(0.4),
        "author_matches": (item(1.0),),
        "institution_matches": (item(1.0),),
    }
    order = [
        Match("10.48321/p", work(doi="10.5/listed"), doi_match=DoiMatch(True, 1.0)),
        Match("10.48321/p", work(doi="10.5/awarded"), award_matches=(item(1.0),), author_matches=(item(0.3),)),
        Match("10.48321/p", work(doi="10.5/alike"), **looks_alike),
        Match("10.48321/p", work(doi="10.5/namesake"), author_matches=(item(0.9),)),
        Match("10.48321/p", work(doi="10.5/initial"), author_matches=(item(0.6),)),
    ]
    found = rank(plan(), order[::-1], 100)
    assert [match.work.doi for match in found] == [match.work.doi for match in order]
    assert [match.score for match in found] == [15.0, 10.9, 9.9272, 2.7, 1.8]
    assert {match.score_max for match in found} == {15.0}


def test_other_funding_costs_points(plan, work) -> None:
    ours = plan(awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    by = {"author_matches": (item(1.0),)}
    assert parts(ours, Match("p", work(), **by)).other_funding == 0
    assert parts(ours, Match("p", work(funders=(NSF,)), funder_matches=(item(1.0),), **by)).other_funding == 0
    assert parts(ours, Match("p", work(funders=(EC,)), **by)).other_funding == -1.5
    assert parts(ours, Match("p", work(awards=(Award("101434070"),)), **by)).other_funding == -1.0
    assert parts(ours, Match("p", work(awards=(Award("n/a"),)), **by)).other_funding == 0  # a placeholder names none
    both = work(funders=(EC,), awards=(Award("101434070"),))
    assert parts(ours, Match("p", both, **by)).other_funding == -2.5
    assert parts(ours, Match("p", both, award_matches=(item(0.5),), **by)).other_funding == 0
    assert parts(plan(), Match("p", both, **by)).other_funding == 0  # the plan names no funder


def test_no_score_is_negative(plan, work) -> None:
    ours = plan(awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    weak = Match("p", work(funders=(EC,), awards=(Award("101434070"),)), author_matches=(item(0.3),))
    assert [match.score for match in rank(ours, [weak], 10)] == [0.0]


def test_other_forms_of_a_strong_candidate_gain_points(plan, work) -> None:
    article = Match("p", work(doi="10.5/article"), doi_match=DoiMatch(True, 1.0))
    author = (item(0.6),)
    lent = {}
    for doi, relations in {
        "10.5/version": Relations(intra_work_dois=("10.5/article", "10.5/elsewhere")),
        "10.5/supplement": Relations(possible_shared_project_dois=("10.5/article",)),
        "10.5/cited": Relations(dataset_citation_dois=("10.5/article",)),
        "10.5/stranger": Relations(intra_work_dois=("10.5/elsewhere",)),
    }.items():
        lent[doi] = Match("p", work(doi=doi, relations=relations), author_matches=author)
    found = all_parts(plan(), [article, *lent.values()])
    assert {doi: round(found[doi].related_candidate, 4) for doi in lent} == {
        "10.5/version": 4.5,
        "10.5/supplement": 2.7,
        "10.5/cited": 1.8,
        "10.5/stranger": 0.0,
    }
    assert found["10.5/article"].related_candidate == 0


def test_equal_scores_go_by_doi_and_the_limit_cuts(plan, work) -> None:
    equal = [Match("p", work(doi=f"10.5/{name}"), author_matches=(item(0.9),)) for name in "dbca"]
    assert [match.work.doi for match in rank(plan(), equal, 3)] == ["10.5/a", "10.5/b", "10.5/c"]
    assert rank(plan(), [], 10) == ()


def test_the_order_does_not_depend_on_the_engines(plan, work) -> None:
    several = [
        Match("p", work(doi=f"10.5/{number:02}"), author_matches=(item(0.3 + number % 7 / 10),)) for number in range(20)
    ]
    expected = [match.work.doi for match in rank(plan(), several, 20)]
    assert [match.work.doi for match in rank(plan(), several[::-1], 20)] == expected
    assert msgspec.json.encode(rank(plan(), several[7:] + several[:7], 20)[0]) == msgspec.json.encode(
        rank(plan(), several, 20)[0]
    )
