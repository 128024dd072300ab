"""A ranking learned from judged pairs: LightGBM's LambdaMART over the features of the transparent score.

The model only reorders the candidates of a class; classes and evidence stay as they are. LightGBM comes with the extra
`rank` and is imported on use.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from dmpworks.matching.evaluation import measure
from dmpworks.matching.features import Features
from dmpworks.matching.ranking import POINTS, points

if TYPE_CHECKING:
    from lightgbm import Booster

FEATURES = Features.__struct_fields__
FOLDS = 5
FEWEST_PLANS = 30  # with a true work: below, the folds differ by more than rankers do
ROUNDS = 300
# Small trees that must see 30 pairs in a leaf: a few hundred plans have a few thousand candidates. The direction of
# each feature is known, so that a chance pattern cannot turn evidence into its contrary.
PARAMETERS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "monotone_constraints": [1 if POINTS[name] > 0 else -1 for name in FEATURES],
    "num_leaves": 5,
    "min_data_in_leaf": 30,
    "learning_rate": 0.05,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 1,
    "verbosity": -1,
}


class JudgedPlan(msgspec.Struct, frozen=True):
    """A plan's candidates (DOIs) with their features, and those that people accepted."""

    dmp_doi: str
    dois: tuple[str, ...]
    features: tuple[Features, ...]
    true_works: frozenset[str]


class Fold(msgspec.Struct, frozen=True):
    """MAP@10 of the learned and of the transparent ranking on the plans that a model was not trained on."""

    learned: float
    transparent: float


class Ranker:
    """A trained model and what it makes of features."""

    def __init__(self, booster: "Booster") -> None:
        self._booster = booster

    def scores(self, features: Sequence[Features]) -> list[float]:
        """Return the score of each candidate: only their order means anything."""
        return [float(score) for score in self._booster.predict(_matrix(features))] if features else []

    def contributions(self, features: Sequence[Features]) -> list[dict[str, float]]:
        """Return what each feature adds to each candidate's score (SHAP values), the base value under "base"."""
        if not features:
            return []
        rows = self._booster.predict(_matrix(features), pred_contrib=True)
        return [dict(zip((*FEATURES, "base"), map(float, row), strict=True)) for row in rows]

    def dump(self) -> str:
        """Return the model as text."""
        return str(self._booster.model_to_string())


def load(text: str) -> Ranker:
    """Return the ranker that `dump` wrote; raises ValueError when it was trained on other features."""
    from lightgbm import Booster

    booster = Booster(model_str=text)
    if tuple(booster.feature_name()) != FEATURES:
        raise ValueError(f"the model has the features {', '.join(booster.feature_name())}")
    return Ranker(booster)


def train(plans: Sequence[JudgedPlan]) -> Ranker:
    """Return a ranker trained on judged plans; raises ValueError when they are too few."""
    from lightgbm import Dataset
    from lightgbm import train as train_booster

    if sum(bool(plan.true_works) for plan in plans) < FEWEST_PLANS:
        raise ValueError(f"fewer than {FEWEST_PLANS} plans have an accepted work")
    kept = [plan for plan in plans if plan.dois]
    data = Dataset(
        _matrix([features for plan in kept for features in plan.features]),
        label=[int(doi in plan.true_works) for plan in kept for doi in plan.dois],
        group=[len(plan.dois) for plan in kept],
        feature_name=list(FEATURES),
    )
    return Ranker(train_booster(dict(PARAMETERS), data, ROUNDS))


def cross_validate(plans: Sequence[JudgedPlan]) -> list[Fold]:
    """Return how both rankings do on each fold of the plans, by a model trained on the others."""
    return [_fold(train(others), held_out) for others, held_out in _folds(plans)]


def is_better(folds: Sequence[Fold]) -> bool:
    """Return whether the learned ranking gains more than its gain varies from fold to fold (standard deviation)."""
    gains = [fold.learned - fold.transparent for fold in folds]
    mean = sum(gains) / len(gains)
    variance = sum((gain - mean) ** 2 for gain in gains) / max(1, len(gains) - 1)
    return bool(mean > variance**0.5)


def _folds(plans: Sequence[JudgedPlan]) -> Iterator[tuple[list[JudgedPlan], list[JudgedPlan]]]:
    """Yield training and held-out plans; whole plans, in the order of their DOIs, so that no fold depends on a seed."""
    ordered = sorted(plans, key=lambda plan: plan.dmp_doi)
    for fold in range(FOLDS):
        yield [plan for place, plan in enumerate(ordered) if place % FOLDS != fold], ordered[fold::FOLDS]


def _fold(ranker: Ranker, plans: Sequence[JudgedPlan]) -> Fold:
    learned = {plan.dmp_doi: _order(plan, ranker.scores(plan.features)) for plan in plans}
    transparent = {plan.dmp_doi: _order(plan, list(map(_points, plan.features))) for plan in plans}
    truth = {plan.dmp_doi: plan.true_works for plan in plans}
    return Fold(measure(learned, truth).at[10].map, measure(transparent, truth).at[10].map)


def _order(plan: JudgedPlan, scores: Sequence[float]) -> list[str]:
    return [doi for _, doi in sorted(zip((-score for score in scores), plan.dois, strict=True))]


def _points(features: Features) -> float:
    return sum(points(features).values())


def _matrix(features: Sequence[Features]) -> Any:
    from numpy import array

    return array([msgspec.structs.astuple(row) for row in features], dtype=float)
