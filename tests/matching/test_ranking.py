"""The order of a plan's works: classes, and within them a sum of points whose parts each have a reason."""

import msgspec
import pytest

from dmpworks.matching.features import Features
from dmpworks.matching.matches import ContentMatch, DoiMatch, ItemMatch, Match
from dmpworks.matching.ranking import POINTS, all_points, points, rank
from dmpworks.matching.records import Award, Funder, Institution, PlanAward, Relations

NSF = Funder("National Science Foundation", "021nxhr62")
EC = Funder("European Commission", "00k4n6c32")
ALHAM = Institution("University of Alham")


def item(score: float, index: int = 0) -> ItemMatch:
    return ItemMatch(index, score, ("a.field",))


def test_every_feature_has_points_and_only_contrary_evidence_takes_some() -> None:
    assert list(POINTS) == list(Features.__struct_fields__)
    assert {name for name, weight in POINTS.items() if weight < 0} == {n for n in POINTS if n.startswith("other_")}


def test_points_are_the_features_times_their_weights() -> None:
    assert points(Features(award=0.9, content=0.5, other_funders=1.0)) == pytest.approx(
        {"award": 18.0, "content": 1.5, "other_funders": -5.0}
    )
    assert points(Features()) == {}


def test_evidence_of_funders_and_people_ranks_above_similarity(plan, work) -> None:
    by_name = {"author_matches": (item(1.0),), "institution_matches": (item(1.0),)}
    at_alham = {"institutions": (ALHAM,)}
    order = [
        Match("p", work(doi="10.5/listed"), doi_match=DoiMatch(True, 1.0)),
        Match("p", work(doi="10.5/awarded"), award_matches=(item(1.0),), author_matches=(item(0.3),)),
        Match("p", work(doi="10.5/alike", **at_alham), content_match=ContentMatch(0.4), **by_name),
        Match("p", work(doi="10.5/orcid"), author_matches=(item(1.0),)),
        Match("p", work(doi="10.5/namesake"), author_matches=(item(0.9),)),
        Match("p", work(doi="10.5/initial"), author_matches=(item(0.6),)),
    ]
    ranking = rank(plan(institutions=(ALHAM,)), order[::-1], 100)
    assert [match.work.doi for match in ranking] == [match.work.doi for match in order]
    assert [match.score for match in ranking] == [30.0, 20.27, 16.8974, 3.0, 2.43, 1.08]
    assert {match.score_max for match in ranking} == {30.0}


def test_the_classes_come_in_their_order_whatever_the_points(plan, work) -> None:
    much = {
        "institution_matches": (item(1.0),),
        "funder_matches": (item(1.0),),
        "content_match": ContentMatch(0.9),
    }
    at_alham = {"institutions": (ALHAM,), "funders": (NSF,)}
    ours = plan(institutions=(ALHAM,), awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    ranking = rank(
        ours,
        [
            Match("p", work(doi="10.5/name"), author_matches=(item(0.9),)),
            Match("p", work(doi="10.5/similar", **at_alham), evidence_class="similar", **much),
            Match("p", work(doi="10.5/orcid"), author_matches=(item(1.0),)),
            Match("p", work(doi="10.5/supported", **at_alham), author_matches=(item(0.9),), **much),
            Match("p", work(doi="10.5/related"), evidence_class="related"),
        ],
        10,
    )
    classes = [(match.work.doi.removeprefix("10.5/"), match.evidence_class) for match in ranking]
    assert classes == [
        *(("supported", "direct"), ("orcid", "direct"), ("related", "related")),
        *(("similar", "similar"), ("name", "name")),
    ]
    scores = [match.score for match in ranking]
    assert scores == sorted(scores, reverse=True)


def test_a_name_with_other_strong_evidence_is_never_of_the_class_name(plan, work) -> None:
    contrary = {"funders": (EC,), "awards": (Award("2109860", NSF.name, NSF.ror),)}
    ours = plan(awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    match = Match("p", work(**contrary), author_matches=(item(0.6),))
    assert rank(ours, [match], 1)[0].evidence_class == "name"
    for other in ("intra_work_doi_matches", "dataset_citation_doi_matches", "award_matches"):
        assert rank(ours, [msgspec.structs.replace(match, **{other: (item(0.5),)})], 1)[0].evidence_class == "direct"


def test_no_score_is_negative(plan, work) -> None:
    ours = plan(awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    weak = Match("p", work(funders=(EC,), awards=(Award("101434070"),)), author_matches=(item(0.3),))
    assert [match.score for match in rank(ours, [weak], 10)] == [0.0]


def test_other_forms_of_a_strong_candidate_gain_points(plan, work) -> None:
    article = Match("p", work(doi="10.5/article"), doi_match=DoiMatch(True, 1.0))
    others = [
        Match("p", work(doi=doi, relations=relations), author_matches=(item(0.6),))
        for doi, relations in {
            "10.5/version": Relations(intra_work_dois=("10.5/article", "10.5/elsewhere")),
            "10.5/supplement": Relations(possible_shared_project_dois=("10.5/article",)),
            "10.5/cited": Relations(dataset_citation_dois=("10.5/article",)),
            "10.5/stranger": Relations(intra_work_dois=("10.5/elsewhere",)),
        }.items()
    ]
    by_doi = all_points(plan(), [article, *others])
    assert {doi: round(by_doi[doi].get("related", 0.0), 4) for doi in by_doi} == {
        "10.5/article": 0.0,
        "10.5/version": 9.0,
        "10.5/supplement": 5.4,
        "10.5/cited": 3.6,
        "10.5/stranger": 0.0,
    }


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
