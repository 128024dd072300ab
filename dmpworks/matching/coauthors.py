"""The team beyond the plan's members: people who wrote outputs of the project together with them.

Plans name few people. Outputs that people accepted, that the funder lists, or that state the plan's award show who else
works on the project; the same people's other projects have other co-authors.
"""

from collections.abc import Iterable, Sequence

import msgspec

from dmpworks.matching.comparison.name_keys import author_keys
from dmpworks.matching.comparison.people import INITIAL
from dmpworks.matching.comparison.team import Team, team_of
from dmpworks.matching.matches import ItemMatch, Match
from dmpworks.matching.records import Author, Plan, Work

MOST_AUTHORS = 30  # of a work that shows a team: longer lists are those of consortia and collaborations
MOST_OUTPUTS = 50  # that show the team, the surest first
SUREST_AWARD = 0.8  # least strength of an award match that confirms an output: its funder must not disagree


class Output(msgspec.Struct, frozen=True):
    """A work that is surely an output of the project: accepted by people, or confirmed by a funder or an award."""

    work: Work
    certainty: float


def confirmed_outputs(accepted: Iterable[Work], matches: Iterable[Match]) -> list[Output]:
    """Return the outputs that show who is in the team, the surest first."""
    outputs = [Output(work, 1.0) for work in accepted]
    outputs += [Output(match.work, certainty) for match in matches if (certainty := _certainty(match))]
    outputs = [output for output in outputs if len(output.work.authors) <= MOST_AUTHORS]
    return sorted(outputs, key=lambda output: (-output.certainty, output.work.doi))[:MOST_OUTPUTS]


def _certainty(match: Match) -> float:
    award = max((item.score for item in match.award_matches), default=0.0)
    if match.doi_match.found or match.intra_work_doi_matches:
        return 1.0
    return award if award >= SUREST_AWARD else 0.0


def with_coauthors(plan: Plan, outputs: Sequence[Output], matches: Iterable[Match]) -> list[Match]:
    """Return the matches with those authors who wrote another confirmed output and are no members of the plan."""
    teams = [(output, _others(plan, output.work)) for output in outputs]
    teams = [(output, team) for output, team in teams if team.members]
    keys = frozenset(key for _, team in teams for member in team.members for key in author_keys(member))
    return [
        msgspec.structs.replace(match, coauthor_matches=tuple(_coauthors(match, teams, keys))) if teams else match
        for match in matches
    ]


def _others(plan: Plan, work: Work) -> Team:
    """Return the authors of a work who are not members of the plan."""
    members = team_of(plan.authors)
    return Team(author for author in work.authors if members.agreement(author) is None)


def _coauthors(match: Match, teams: Sequence[tuple[Output, Team]], keys: frozenset[str]) -> Iterable[ItemMatch]:
    members = {item.index for item in match.author_matches}
    for index, author in enumerate(match.work.authors):
        if index not in members and not keys.isdisjoint(author_keys(author)):
            best = max(_agreements(match.work.doi, author, teams), default=(0.0, ()))
            if best[0]:
                yield ItemMatch(index, *best)


def _agreements(
    doi: str, author: Author, teams: Sequence[tuple[Output, Team]]
) -> Iterable[tuple[float, tuple[str, ...]]]:
    for output, team in teams:
        same = team.agreement(author) if output.work.doi != doi else None
        if same and same.score >= INITIAL.score:  # a surname alone would make coauthors of all namesakes
            yield round(same.score * output.certainty, 4), same.fields
