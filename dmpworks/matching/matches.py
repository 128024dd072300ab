"""Matches of a plan and a work, with their evidence, as they are written and read; JSON in camelCase."""

from typing import Literal

from dmpworks.matching.records import Record, Work

# "direct": the funder's list, an award, a relation to an accepted output, or a member among the authors. "related": a
# relation to a direct candidate. "similar": institution, funder and content together, nothing stronger. "name": an
# author of a member's name, while nearly all else is missing or speaks against it. "direct" and "related" ones rank
# first, by their points, then "similar" ones, then "name" ones.
EvidenceClass = Literal["direct", "related", "similar", "name"]


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


class Match(Record, frozen=True):
    """A work that may be an output of a plan, with all its evidence.

    `coauthor_matches` are authors who are no members of the plan but wrote another confirmed output of it;
    `related_candidates` are the DOIs of the direct candidates that led to a candidate of the class "related".
    """

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
    evidence_class: EvidenceClass = "direct"
    coauthor_matches: tuple[ItemMatch, ...] = ()
    related_candidates: tuple[str, ...] = ()

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
