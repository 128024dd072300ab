"""The evidence of a candidate as numbers."""

import math

import pytest

from dmpworks.matching.features import Features, all_features, features
from dmpworks.matching.matches import ContentMatch, DoiMatch, ItemMatch, Match
from dmpworks.matching.records import Award, Funder, Institution, PlanAward

NSF = Funder("National Science Foundation", "021nxhr62")
EC = Funder("European Commission", "00k4n6c32")
ALHAM, CLINIC, COLLEGE = (
    Institution("University of Alham"),
    Institution("Alham Clinic"),
    Institution("Elsewhere College"),
)


def item(score: float, index: int = 0) -> ItemMatch:
    return ItemMatch(index, score, ("a.field",))


def test_by_hand(plan, work) -> None:
    match = Match(
        "10.48321/p",
        work(funders=(NSF, EC), institutions=(ALHAM, COLLEGE, CLINIC)),
        doi_match=DoiMatch(True, 1.0),
        content_match=ContentMatch(0.25),
        author_matches=(item(0.6), item(0.9, 2), item(0.8, 3)),
        coauthor_matches=(item(0.9, 1),),
        institution_matches=(item(0.8), item(0.8, 2)),
        funder_matches=(item(0.8),),
        award_matches=(item(0.9), item(0.5)),
        intra_work_doi_matches=(item(1.0),),
        possible_shared_project_doi_matches=(item(1.0), item(1.0, 1)),
        dataset_citation_doi_matches=(item(1.0),),
    )
    ours = plan(institutions=(ALHAM, CLINIC), awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    assert features(ours, match, 0.5) == Features(
        funded_doi=1.0,
        award=0.9,
        intra_work=1.0,
        shared_project=1.0,
        dataset_citation=1.0,
        member=0.9**2,
        further_members=0.8 + 0.5 * 0.6,
        coauthors=0.9,
        institution=0.8,
        further_institutions=1.0,
        institution_share=2 / 3,
        funder=0.8,
        funder_share=0.5,
        content=0.5,
        relative_content=0.5,
    )


def test_a_work_without_evidence_has_no_features(plan, work) -> None:
    assert features(plan(), Match("p", work()), 0.0) == Features()


OTHER_AWARD, PLACEHOLDER = Award("2109860", NSF.name, NSF.ror), Award("n/a")


@pytest.mark.parametrize(
    ("stated", "evidence", "against"),
    [
        ({}, {}, set()),
        ({"funders": (NSF, EC)}, {"funder_matches": (item(1.0),)}, set()),
        ({"funders": (EC,)}, {}, {"other_funders"}),
        ({"institutions": (COLLEGE,)}, {}, {"other_institutions"}),
        ({"awards": (PLACEHOLDER,)}, {}, set()),
        ({"awards": (Award("101434070"),)}, {}, {"other_awards"}),
        ({"awards": (Award("101434070", EC.name),)}, {}, {"other_awards"}),
        ({"awards": (OTHER_AWARD,)}, {}, {"other_awards", "other_award_of_funder"}),
        ({"awards": (OTHER_AWARD,)}, {"award_matches": (item(0.5),)}, set()),
    ],
)
def test_contrary_evidence(plan, work, stated, evidence, against) -> None:
    ours = plan(institutions=(ALHAM,), awards=(PlanAward("1531511", NSF.name, NSF.ror),))
    values = features(ours, Match("p", work(**stated), **evidence), 0.0)
    names = ("other_funders", "other_institutions", "other_awards", "other_award_of_funder")
    assert {name for name in names if getattr(values, name)} == against


def test_other_funding_is_contrary_only_where_the_plans_own_is_known(plan, work) -> None:
    other = Match("p", work(funders=(EC,), awards=(OTHER_AWARD,), institutions=(COLLEGE,)))
    assert features(plan(), other, 0.0) == Features()
    by_funder = features(plan(awards=(PlanAward(None, NSF.name),)), other, 0.0)
    assert (by_funder.other_funders, by_funder.other_awards) == (1.0, 0.0)


def test_content_is_relative_to_the_most_similar_direct_candidate(plan, work) -> None:
    matches = [
        Match("p", work(doi="10.5/a"), content_match=ContentMatch(0.1)),
        Match("p", work(doi="10.5/b"), content_match=ContentMatch(0.2)),
        Match("p", work(doi="10.5/c"), content_match=ContentMatch(0.4), evidence_class="similar"),
    ]
    assert [values.relative_content for values in all_features(plan(), matches)] == [0.5, 1.0, 1.0]
    assert [values.content for values in all_features(plan(), matches)] == [math.sqrt(s) for s in (0.1, 0.2, 0.4)]
