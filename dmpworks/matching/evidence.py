"""Evidence that a work is an output of a plan, from the two records alone, never from the engine.

Every strength is a number from 0 to 1; `ranking` turns strengths into points. A work without strong evidence (funder's
list, award, author, relation to an accepted output) is no candidate, whatever its score in the engine.
"""

import calendar
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from dmpworks.matching.agreement import Agreement
from dmpworks.matching.funding import funding_agreement, same_funder
from dmpworks.matching.organisations import NAME_SCORE, ROR_SCORE, same_organisation
from dmpworks.matching.records import OUTPUT_MANAGEMENT_PLAN, Funder, Institution, Plan, PlanAward, Record, Work
from dmpworks.matching.team import team_of

T = TypeVar("T")
P = TypeVar("P")

EARLIEST = date(1990, 1, 1)  # of a work, where the project's start is unknown
YEARS_AFTER_END = 3  # outputs still appear


class ItemMatch(Record, frozen=True):
    """One item of a work's list that matches: its index, the strength (0 to 1), and the fields that agree."""

    index: int
    score: float
    fields: tuple[str, ...]


class DoiSource(Record, frozen=True):
    """The award under which the funder lists the work."""

    parent_award_id: str | None = None
    award_id: str | None = None
    award_url: str | None = None


class DoiMatch(Record, frozen=True):
    """Whether the funder itself lists the work for the plan's award."""

    found: bool = False
    score: float = 0.0
    sources: tuple[DoiSource, ...] = ()


class ContentMatch(Record, frozen=True):
    """How similar the work is to the plan in content (0 to 1), and the shared words, in `<mark>`."""

    score: float = 0.0
    title_highlight: str | None = None
    abstract_highlights: tuple[str, ...] = ()


NO_CONTENT = ContentMatch()


class Match(Record, frozen=True):
    """A work that may be an output of a plan, with all its evidence."""

    dmp_doi: str
    work: Work
    score: float = 0.0
    score_max: float = 0.0
    doi_match: DoiMatch = DoiMatch()
    content_match: ContentMatch = ContentMatch()
    author_matches: tuple[ItemMatch, ...] = ()
    institution_matches: tuple[ItemMatch, ...] = ()
    funder_matches: tuple[ItemMatch, ...] = ()
    award_matches: tuple[ItemMatch, ...] = ()
    intra_work_doi_matches: tuple[ItemMatch, ...] = ()
    possible_shared_project_doi_matches: tuple[ItemMatch, ...] = ()
    dataset_citation_doi_matches: tuple[ItemMatch, ...] = ()

    @property
    def has_strong_evidence(self) -> bool:
        """Return whether there is evidence of an output of this plan, not only of similarity to it."""
        return bool(self.doi_match.found or self.author_matches or self.award_matches or self.is_related)

    @property
    def is_related(self) -> bool:
        """Return whether the work is related to an accepted output."""
        return bool(
            self.intra_work_doi_matches or self.possible_shared_project_doi_matches or self.dataset_citation_doi_matches
        )


class PlanMatches(Record, frozen=True):
    """All matches of a plan, best first; a line of the file of matches."""

    dmp_doi: str
    works: tuple[Match, ...] = ()


def evidence(plan: Plan, work: Work, content: ContentMatch = NO_CONTENT) -> Match | None:
    """Return the evidence for a work; None when it may not be a result or has no strong evidence."""
    if not may_be_output(plan, work):
        return None
    relations, known = work.relations, frozenset(plan.accepted_dois)
    match = Match(
        dmp_doi=plan.doi,
        work=work,
        doi_match=_doi_match(plan, work),
        content_match=content,
        author_matches=_author_matches(plan, work),
        institution_matches=_institution_matches(plan, work),
        funder_matches=_funder_matches(plan, work),
        award_matches=_award_matches(plan, work),
        intra_work_doi_matches=_doi_matches(relations.intra_work_dois, known, "relations.intraWorkDois"),
        possible_shared_project_doi_matches=_doi_matches(
            relations.possible_shared_project_dois, known, "relations.possibleSharedProjectDois"
        ),
        dataset_citation_doi_matches=_doi_matches(
            relations.dataset_citation_dois, known, "relations.datasetCitationDois"
        ),
    )
    return match if match.has_strong_evidence else None


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


def _doi_matches(dois: Sequence[str], known: frozenset[str], field: str) -> tuple[ItemMatch, ...]:
    return tuple(ItemMatch(index, 1.0, (field,)) for index, doi in enumerate(dois) if doi in known)


def _items(
    theirs: Sequence[T], ours: Sequence[P], compare: Callable[[P, T], Agreement | None]
) -> tuple[ItemMatch, ...]:
    """Return the items of a work's list that agree with any item of the plan, each with its best agreement."""
    best = (max((match for our in ours if (match := compare(our, item))), default=None) for item in theirs)
    return tuple(ItemMatch(index, *match) for index, match in enumerate(best) if match)
