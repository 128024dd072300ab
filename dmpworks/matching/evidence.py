"""Evidence that a work is an output of a plan, from the two records alone, never from the engine.

Every strength is a number from 0 to 1; `ranking` turns strengths into points. A work without strong evidence (funder's
list, award, author, relation to an accepted output) is no candidate, whatever its score in the engine.
"""

import calendar
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

import msgspec

from dmpworks.matching.comparison.agreement import Agreement
from dmpworks.matching.comparison.content import Topic, similarity
from dmpworks.matching.comparison.funding import funding_agreement, same_funder
from dmpworks.matching.comparison.organisations import NAME_SCORE, ROR_SCORE, same_organisation
from dmpworks.matching.comparison.team import team_of
from dmpworks.matching.matches import ContentMatch, DoiMatch, DoiSource, EvidenceClass, ItemMatch, Match
from dmpworks.matching.records import OUTPUT_MANAGEMENT_PLAN, Funder, Institution, Plan, PlanAward, Work

T = TypeVar("T")
P = TypeVar("P")

EARLIEST = date(1990, 1, 1)  # of a work, where the project's start is unknown
YEARS_AFTER_END = 3  # outputs still appear
SIMILAR_CONTENT = 0.05  # least similarity to a plan with the same institution and funder: a few rare terms in common


class Strong(NamedTuple):
    """The evidence of which any is enough to make a work a candidate."""

    doi_match: DoiMatch
    author_matches: tuple[ItemMatch, ...]
    award_matches: tuple[ItemMatch, ...]
    intra_work_doi_matches: tuple[ItemMatch, ...]
    possible_shared_project_doi_matches: tuple[ItemMatch, ...]
    dataset_citation_doi_matches: tuple[ItemMatch, ...]

    @property
    def is_there(self) -> bool:
        """Return whether there is any of it."""
        return self.doi_match.found or any(self[1:])


def evidence(plan: Plan, work: Work, topic: Topic | None = None) -> Match | None:
    """Return the evidence for a work; None when it may not be a result or has no strong evidence.

    Without a topic (`content.topic_of`), the similarity of content stays 0.
    """
    if not may_be_output(plan, work):
        return None
    # The strong evidence comes first: most works that an engine returns have none, and the rest costs far more.
    strong = _strong(plan, work)
    return _match(plan, work, topic, strong, "direct") if strong.is_there else None


def related_evidence(plan: Plan, work: Work, topic: Topic, candidates: tuple[str, ...]) -> Match | None:
    """Return the evidence for a work that is related to these candidates (DOIs); None when it may not be a result.

    Anybody may cite a dataset or use it: such a relation counts only together with an institution of the plan.
    """
    if not may_be_output(plan, work):
        return None
    strong = _strong(plan, work)
    if strong.is_there:
        return _match(plan, work, topic, strong, "direct")
    match = _match(plan, work, topic, strong, "related")
    if not (_is_closely_related(work, candidates) or match.institution_matches):
        return None
    return msgspec.structs.replace(match, related_candidates=candidates)


def _is_closely_related(work: Work, dois: tuple[str, ...]) -> bool:
    close = (*work.relations.intra_work_dois, *work.relations.possible_shared_project_dois)
    return not frozenset(close).isdisjoint(dois)


def similar_evidence(plan: Plan, work: Work, topic: Topic) -> Match | None:
    """Return the evidence for a work with institution, funder and content of the plan, without strong evidence."""
    if not may_be_output(plan, work):
        return None
    strong = _strong(plan, work)
    if strong.is_there or not (_institution_matches(plan, work) and _funder_matches(plan, work)):
        return None
    match = _match(plan, work, topic, strong, "similar")
    return match if match.content_match.score >= SIMILAR_CONTENT else None


def _match(plan: Plan, work: Work, topic: Topic | None, strong: Strong, evidence_class: EvidenceClass) -> Match:
    return Match(
        dmp_doi=plan.doi,
        work=work,
        content_match=ContentMatch(similarity(topic, work)) if topic else ContentMatch(),
        institution_matches=_institution_matches(plan, work),
        funder_matches=_funder_matches(plan, work),
        evidence_class=evidence_class,
        **strong._asdict(),
    )


def _strong(plan: Plan, work: Work) -> Strong:
    relations, accepted = work.relations, frozenset(plan.accepted_dois)
    return Strong(
        _doi_match(plan, work),
        _author_matches(plan, work),
        _award_matches(plan, work),
        _doi_matches(relations.intra_work_dois, accepted, "relations.intraWorkDois"),
        _doi_matches(relations.possible_shared_project_dois, accepted, "relations.possibleSharedProjectDois"),
        _doi_matches(relations.dataset_citation_dois, accepted, "relations.datasetCitationDois"),
    )


def may_be_output(plan: Plan, work: Work) -> bool:
    """Return whether the work may be a result: no plan, not decided on already, published in the project's time."""
    if work.doi == plan.doi or work.work_type == OUTPUT_MANAGEMENT_PLAN:
        return False
    if work.doi in plan.accepted_dois or work.doi in plan.rejected_dois:
        return False
    start, end = published_between(plan)
    return work.publication_date is not None and start <= work.publication_date <= (end or date.max)


def published_between(plan: Plan) -> tuple[date, date | None]:
    """Return the first and last day on which an output may appear; no last day if the project's end is unknown."""
    end = plan.project_end and _years_later(plan.project_end, YEARS_AFTER_END)
    return plan.project_start or EARLIEST, end


def _years_later(day: date, years: int) -> date | None:
    year = day.year + years
    if year > date.max.year:
        return None
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def _doi_match(plan: Plan, work: Work) -> DoiMatch:
    listed = [funded for funded in plan.funded_dois if funded.doi == work.doi]
    if not listed:
        return DoiMatch()
    sources = (DoiSource(funded.parent_award_id, funded.award_id, funded.award_url) for funded in listed)
    return DoiMatch(found=True, score=1.0, sources=tuple(dict.fromkeys(sources)))


def _author_matches(plan: Plan, work: Work) -> tuple[ItemMatch, ...]:
    team = team_of(plan.authors)
    best = map(team.agreement, work.authors)
    return tuple(ItemMatch(index, *match) for index, match in enumerate(best) if match)


def _institution_matches(plan: Plan, work: Work) -> tuple[ItemMatch, ...]:
    def compare(ours: Institution, theirs: Institution) -> Agreement | None:
        agreement = same_organisation(ours.name, ours.ror, theirs.name, theirs.ror)
        return agreement and Agreement(agreement[0], (f"institutions.{agreement[1]}",))

    return _items(work.institutions, plan.institutions, compare)


def _funder_matches(plan: Plan, work: Work) -> tuple[ItemMatch, ...]:
    def compare(ours: PlanAward, theirs: Funder) -> Agreement | None:
        by = same_funder(ours.funder_name, ours.funder_ror, theirs.name, theirs.ror)
        return Agreement(ROR_SCORE if by == "ror" else NAME_SCORE, (f"funders.{by}",)) if by else None

    return _items(work.funders, plan.awards, compare)


def _award_matches(plan: Plan, work: Work) -> tuple[ItemMatch, ...]:
    return _items(work.awards, plan.awards, lambda ours, theirs: funding_agreement(ours, theirs, work))


def _doi_matches(dois: Sequence[str], accepted: frozenset[str], field: str) -> tuple[ItemMatch, ...]:
    return tuple(ItemMatch(index, 1.0, (field,)) for index, doi in enumerate(dois) if doi in accepted)


def _items(
    theirs: Sequence[T], ours: Sequence[P], compare: Callable[[P, T], Agreement | None]
) -> tuple[ItemMatch, ...]:
    """Return the items of a work's list that agree with any item of the plan, each with its best agreement."""
    best = (max((match for our in ours if (match := compare(our, item))), default=None) for item in theirs)
    return tuple(ItemMatch(index, *match) for index, match in enumerate(best) if match)
