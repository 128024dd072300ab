"""Each candidate in numbers: what the transparent score weighs, and what a ranker learns from.

Features come from the evidence alone. Each is 0 without evidence and grows with it, to 1 unless its comment says more;
those in the last block count against a work.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec

from dmpworks.matching.comparison.awards import is_award
from dmpworks.matching.comparison.funding import same_funder
from dmpworks.matching.comparison.organisations import same_organisation
from dmpworks.matching.matches import ItemMatch, Match
from dmpworks.matching.records import Award, Plan, PlanAward

NEXT = 0.5  # each further person or institution counts half the one before
MOST_FURTHER_INSTITUTIONS = 2


class Features(msgspec.Struct, frozen=True):
    """The evidence for one candidate as numbers."""

    funded_doi: float = 0.0  # the funder itself lists the work
    award: float = 0.0  # the best match: more awards of one project are no better
    intra_work: float = 0.0  # another form of an accepted output
    shared_project: float = 0.0  # supplement, part or source of an accepted output
    dataset_citation: float = 0.0  # cites an accepted output, or is cited by it
    member: float = 0.0  # the square for the member who agrees best: an initial fits many a namesake
    further_members: float = 0.0  # sum of the others, each at half the share of the one before; below 2
    coauthors: float = 0.0  # authors of other confirmed outputs, summed likewise; below 2
    institution: float = 0.0  # the best match
    further_institutions: float = 0.0  # of the plan, beside the first: 0, 1 or 2
    institution_share: float = 0.0  # of the work's institutions that are the plan's
    funder: float = 0.0  # the best match
    funder_share: float = 0.0  # of the work's funders that are the plan's
    content: float = 0.0  # root of the similarity: from none to a little matters more than from much to very much
    relative_content: float = 0.0  # similarity, relative to the most similar candidate with strong evidence
    related: float = 0.0  # the strongest candidate that is related, by its points (`ranking.full_features`)

    other_funders: float = 0.0  # the work names funders, none of them the plan's
    other_institutions: float = 0.0  # the work names institutions, none of them the plan's
    other_awards: float = 0.0  # the work names awards, none of them the plan's, which names some
    other_award_of_funder: float = 0.0  # one of these is of the plan's funder: another project


def all_features(plan: Plan, matches: Sequence[Match]) -> list[Features]:
    """Return the features of a plan's candidates, in their order."""
    most = max((match.content_match.score for match in matches if match.evidence_class == "direct"), default=0.0)
    return [features(plan, match, most) for match in matches]


def features(plan: Plan, match: Match, most_similar: float) -> Features:
    """Return the features of one candidate; `most_similar` is the highest similarity among the direct ones."""
    work, similarity = match.work, match.content_match.score
    return Features(
        funded_doi=match.doi_match.score,
        award=_best(match.award_matches),
        intra_work=_best(match.intra_work_doi_matches),
        shared_project=_best(match.possible_shared_project_doi_matches),
        dataset_citation=_best(match.dataset_citation_doi_matches),
        member=_best(match.author_matches) ** 2,
        further_members=_diminishing_sum(match.author_matches, skip=1),
        coauthors=_diminishing_sum(match.coauthor_matches),
        institution=_best(match.institution_matches),
        further_institutions=_further_institutions(plan, match),
        institution_share=_share(match.institution_matches, work.institutions),
        funder=_best(match.funder_matches),
        funder_share=_share(match.funder_matches, work.funders),
        content=math.sqrt(similarity),
        relative_content=min(1.0, similarity / most_similar) if most_similar else 0.0,
        other_funders=float(bool(work.funders) and not match.funder_matches and _names_funder(plan)),
        other_institutions=float(bool(work.institutions and plan.institutions) and not match.institution_matches),
        **_other_awards(plan, match),
    )


def _best(items: Iterable[ItemMatch]) -> float:
    return max((item.score for item in items), default=0.0)


def _diminishing_sum(items: Iterable[ItemMatch], skip: int = 0) -> float:
    strengths = sorted((item.score for item in items), reverse=True)[skip:]
    return sum(score * NEXT**place for place, score in enumerate(strengths))


def _share(matches: Sequence[ItemMatch], items: Sequence[object]) -> float:
    return len(matches) / len(items) if items else 0.0


def _names_funder(plan: Plan) -> bool:
    return any(award.funder_name or award.funder_ror for award in plan.awards)


def _further_institutions(plan: Plan, match: Match) -> float:
    if len(plan.institutions) < 2 or not match.institution_matches:
        return 0.0
    theirs = [match.work.institutions[item.index] for item in match.institution_matches]
    ours = sum(
        any(same_organisation(our.name, our.ror, their.name, their.ror) for their in theirs)
        for our in plan.institutions
    )
    return float(min(ours - 1, MOST_FURTHER_INSTITUTIONS))


def _other_awards(plan: Plan, match: Match) -> dict[str, float]:
    """Return whether the work states awards of other projects: it is a sign only where the plan's own is known."""
    ours = [award for award in plan.awards if award.award_id]
    theirs = [award for award in match.work.awards if is_award(award.award_id)]
    if match.award_matches or not (ours and theirs):
        return {}
    of_funder = any(_same_funder(our, their) for our in ours for their in theirs)
    return {"other_awards": 1.0, "other_award_of_funder": float(of_funder)}


def _same_funder(ours: PlanAward, theirs: Award) -> bool:
    return bool(same_funder(ours.funder_name, ours.funder_ror, theirs.funder_name, theirs.funder_ror))
