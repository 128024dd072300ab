"""Authors of confirmed outputs who are no members of the plan show which other works are of the same team."""

import pytest

from dmpworks.matching.coauthors import confirmed_outputs, with_coauthors
from dmpworks.matching.matches import DoiMatch, ItemMatch, Match
from dmpworks.matching.records import Author
from tests.matching.test_people import person

ADA, EVE, BOB = person("Ada Byron"), person("Eve Northshaw"), person("Bob Wakefield")
AWARD = (ItemMatch(0, 0.9, ("awards.awardId",)),)
RELATION = (ItemMatch(0, 1.0, ("relations.intraWorkDois",)),)


def candidate(work, doi: str, *authors: Author, **evidence) -> Match:
    members = tuple(ItemMatch(index, 0.9, ("authors.surname",)) for index, one in enumerate(authors) if one == ADA)
    return Match("10.48321/p", work(doi=doi, authors=authors), author_matches=members, **evidence)


def coauthors(plan, accepted, matches) -> dict[str, list[tuple[int, float]]]:
    outputs = confirmed_outputs(accepted, matches)
    completed = with_coauthors(plan(authors=(ADA,)), outputs, matches)
    return {match.work.doi: [(item.index, item.score) for item in match.coauthor_matches] for match in completed}


def test_coauthors_of_an_accepted_output(plan, work) -> None:
    accepted = [work(doi="10.5/accepted", authors=(ADA, EVE))]
    matches = [candidate(work, "10.5/a", ADA, BOB), candidate(work, "10.5/b", ADA, person("E. Northshaw"))]
    assert coauthors(plan, accepted, matches) == {"10.5/a": [], "10.5/b": [(1, 0.6)]}


@pytest.mark.parametrize(
    ("evidence", "score"),
    [
        ({"award_matches": AWARD}, 0.81),
        ({"doi_match": DoiMatch(True, 1.0)}, 0.9),
        ({"intra_work_doi_matches": RELATION}, 0.9),
        ({"award_matches": (ItemMatch(0, 0.5, ("awards.awardId",)),)}, None),
        ({"dataset_citation_doi_matches": RELATION}, None),
        ({}, None),
    ],
)
def test_candidates_that_a_funder_or_award_confirms_show_the_team_as_well(plan, work, evidence, score) -> None:
    matches = [candidate(work, "10.5/sure", ADA, EVE, **evidence), candidate(work, "10.5/other", EVE, ADA)]
    assert coauthors(plan, [], matches)["10.5/other"] == ([(0, score)] if score else [])


def test_a_work_does_not_confirm_itself(plan, work) -> None:
    matches = [candidate(work, "10.5/sure", ADA, EVE, award_matches=AWARD)]
    assert coauthors(plan, [], matches) == {"10.5/sure": []}


def test_members_are_not_counted_again_and_a_surname_alone_is_no_coauthor(plan, work) -> None:
    accepted = [work(doi="10.5/accepted", authors=(ADA, EVE))]
    matches = [candidate(work, "10.5/a", ADA, person("Northshaw"))]
    assert coauthors(plan, accepted, matches) == {"10.5/a": []}


def test_the_author_list_of_a_consortium_shows_no_team(plan, work) -> None:
    crowd = tuple(person(f"Eve Person{chr(97 + number)}") for number in range(26))
    crowd += tuple(map(person, ("Bo Li", "Al Lo", "Cy Ma", "Di No", "Ed Po")))
    accepted = [work(doi="10.5/accepted", authors=crowd)]
    assert coauthors(plan, accepted, [candidate(work, "10.5/a", ADA, crowd[0])]) == {"10.5/a": []}
