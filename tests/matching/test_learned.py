"""A ranking learned from judged pairs, over the features of the transparent score."""

import random

import msgspec
import pytest

from dmpworks.matching.features import Features
from dmpworks.matching.learned import (
    FEATURES,
    FEWEST_PLANS,
    FOLDS,
    Fold,
    JudgedPlan,
    cross_validate,
    is_better,
    load,
    train,
)

pytest.importorskip("lightgbm", reason="the extra `rank` is not installed")


def judged(number: int, candidates: int = 12) -> JudgedPlan:
    """A plan whose outputs share funder and co-authors with it, unlike the other works of its people."""
    chance = random.Random(number)
    features, true_works = [], set()
    for place in range(candidates):
        values = {"member": chance.choice((0.36, 0.81, 1.0)), "content": chance.random() / 2}
        if place % 3 == 0:
            true_works.add(f"10.5/{place}")
            values |= {"funder": float(chance.random() < 0.8), "coauthors": chance.random()}
        features.append(Features(**values))
    dois = tuple(f"10.5/{place}" for place in range(candidates))
    return JudgedPlan(f"10.48321/{number:03}", dois, tuple(features), frozenset(true_works))


PLANS = [judged(number) for number in range(40)]


@pytest.fixture(scope="module")
def ranker():
    return train(PLANS)


def test_it_ranks_true_works_above_others_on_plans_it_has_not_seen(ranker) -> None:
    plan = judged(99)
    scores = dict(zip(plan.dois, ranker.scores(plan.features), strict=True))
    true = [scores[doi] for doi in plan.true_works]
    others = [score for doi, score in scores.items() if doi not in plan.true_works]
    assert sum(true) / len(true) > max(others)


@pytest.mark.parametrize("name", FEATURES)
def test_more_evidence_never_lowers_a_score_and_contrary_evidence_never_raises_it(ranker, name) -> None:
    base = Features(member=0.81, content=0.3)
    scores = ranker.scores([msgspec.structs.replace(base, **{name: value}) for value in (0.0, 0.25, 0.5, 0.75, 1.0)])
    assert scores == sorted(scores, reverse=name.startswith("other_"))


def test_contributions_add_up_to_the_score(ranker) -> None:
    features = PLANS[0].features
    for parts, score in zip(ranker.contributions(features), ranker.scores(features), strict=True):
        assert list(parts) == [*FEATURES, "base"]
        assert sum(parts.values()) == pytest.approx(score)
    assert ranker.contributions([]) == ranker.scores([]) == []


def test_training_is_repeatable_and_a_model_survives_as_text(ranker) -> None:
    features = PLANS[3].features
    assert train(PLANS).dump() == ranker.dump()
    assert load(ranker.dump()).scores(features) == ranker.scores(features)


def test_a_model_of_other_features_is_refused(ranker) -> None:
    with pytest.raises(ValueError, match="the model has the features"):
        load(ranker.dump().replace("coauthors", "colleagues"))


def test_too_few_judged_plans_are_refused() -> None:
    unjudged = [msgspec.structs.replace(plan, true_works=frozenset()) for plan in PLANS]
    with pytest.raises(ValueError, match=f"fewer than {FEWEST_PLANS} plans"):
        train(PLANS[: FEWEST_PLANS - 1] + unjudged)


def test_cross_validation_compares_both_rankings_on_plans_left_out() -> None:
    folds = cross_validate(PLANS)
    assert len(folds) == FOLDS
    assert all(0 <= figure <= 1 for fold in folds for figure in (fold.learned, fold.transparent))


@pytest.mark.parametrize(
    ("gains", "better"),
    [
        ((0.02, 0.03, 0.02, 0.03, 0.02), True),
        ((0.1, -0.05, 0.08, -0.06, 0.01), False),
        ((0.0, 0.0, 0.0, 0.0, 0.0), False),
        ((-0.02, -0.03, -0.02, -0.02, -0.03), False),
    ],
)
def test_a_gain_must_exceed_its_spread_over_the_folds(gains, better) -> None:
    assert is_better([Fold(0.8 + gain, 0.8) for gain in gains]) == better
