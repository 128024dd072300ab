"""The order in which a person sees the works of a plan: a sum of points, each with its reason.

Points follow the strengths of retrieval (`docs/explanation/matching.md`). The rest is small beside them, so that
evidence from a funder or an accepted output comes first, and decides the order among works of the same people, where
the hard cases are: a shared institution is weak evidence there, funders, co-authors and content are strong.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import msgspec

from dmpworks.matching.comparison.people import ORCID
from dmpworks.matching.features import Features, all_features
from dmpworks.matching.matches import EvidenceClass, Match
from dmpworks.matching.records import Plan, Relations

# Points of a feature at 1. Chosen by cross-validation over planted worlds (`docs/explanation/matching.md`), rounded;
# the first five are higher than these worlds need, since on real records nothing else comes near them.
POINTS: Mapping[str, float] = {
    "funded_doi": 30.0,  # next to proof
    "award": 20.0,  # award ids are specific; few are stated by mistake
    "intra_work": 20.0,
    "shared_project": 8.0,
    "dataset_citation": 4.0,  # others cite an output as well
    "member": 3.0,  # namesakes and the same people's other projects have it, too
    "further_members": 1.0,  # the same people work together on other projects
    "coauthors": 7.0,  # the same people's other projects have other co-authors
    "institution": 1.0,  # all works of a member have it
    "further_institutions": 5.0,  # works of a single member do not have all institutions of the team
    "institution_share": 6.0,  # a team that only takes part in a work has a small share
    "funder": 5.0,  # the same people's other projects have other funders
    "funder_share": 4.0,  # a work with many funders comes from several projects
    "content": 3.0,
    "relative_content": 5.0,  # some plans say less than others: the best similarity is the measure
    "related": 9.0,  # nearly a third of the points of a work's other form
    "other_funders": -5.0,
    "other_institutions": -1.5,  # people move, and many records name no or few institutions
    "other_awards": -3.0,
    "other_award_of_funder": -6.0,  # who names the funder's one award does not forget its other
}
STRONGEST = 30.0  # points of a related candidate for which the feature is 1: those of a work that the funder lists
STRONG_NAME = 10.0  # points with which a name is strong evidence: institution, funder, content or co-authors agree, too
_TIERS: Mapping[EvidenceClass, int] = {"direct": 0, "related": 0, "similar": 1, "name": 2}
_BY_RELATION = {"intra_work_dois": 1.0, "possible_shared_project_dois": 0.6, "dataset_citation_dois": 0.4}

Points = dict[str, float]


def points(features: Features) -> Points:
    """Return the points of each feature that a candidate has; each adds to, or takes from, its score."""
    values = msgspec.structs.asdict(features)
    return {name: weight * values[name] for name, weight in POINTS.items() if values[name]}


def rank(plan: Plan, matches: Sequence[Match], limit: int) -> tuple[Match, ...]:
    """Return the best `limit` candidates of a plan with their scores, best first by class and points, ties by DOI."""
    scores = totals(plan, matches)
    classed = [classify(match, scores[match.work.doi]) for match in matches]
    order = sorted(classed, key=lambda m: (_TIERS[m.evidence_class], -scores[m.work.doi], m.work.doi))[:limit]
    # Whoever sorts by score sees the same order: no score is above that of a better class, and none is negative.
    shown = list(accumulate((max(0.0, scores[match.work.doi]) for match in order), min))
    return tuple(
        msgspec.structs.replace(match, score=score, score_max=shown[0])
        for match, score in zip(order, shown, strict=True)
    )


def classify(match: Match, score: float) -> Match:
    """Return the match as one of the class "name" if a member's name is all its evidence, and its points are few."""
    if match.evidence_class != "direct" or score >= STRONG_NAME or not _by_name_alone(match):
        return match
    return msgspec.structs.replace(match, evidence_class="name")


def _by_name_alone(match: Match) -> bool:
    """Return whether the only strong evidence is a name, without an ORCID."""
    other = match.doi_match.found or match.award_matches or match.is_related
    return not other and all(item.score < ORCID.score for item in match.author_matches)


def totals(plan: Plan, matches: Sequence[Match]) -> dict[str, float]:
    """Return the score of each candidate, by DOI."""
    return {doi: round(sum(parts.values()), 4) for doi, parts in all_points(plan, matches).items()}


def all_points(plan: Plan, matches: Sequence[Match]) -> dict[str, Points]:
    """Return the points of each candidate, by DOI."""
    features = full_features(plan, matches)
    return {match.work.doi: points(values) for match, values in zip(matches, features, strict=True)}


def full_features(plan: Plan, matches: Sequence[Match]) -> list[Features]:
    """Return the features of a plan's candidates with those that depend on the points of others."""
    alone = all_features(plan, matches)
    strength = {match.work.doi: sum(points(f).values()) / STRONGEST for match, f in zip(matches, alone, strict=True)}
    return [
        msgspec.structs.replace(values, related=_related(match.work.relations, strength))
        for match, values in zip(matches, alone, strict=True)
    ]


def _related(relations: Relations, strength: Mapping[str, float]) -> float:
    """Return the strength of the strongest related candidate: a dataset with little evidence belongs to its article."""
    strengths: Iterable[float] = (
        share * strength.get(doi, 0.0) for kind, share in _BY_RELATION.items() for doi in getattr(relations, kind)
    )
    return max([0.0, *strengths])
