"""The members of a team among the authors of works, and the keys by which they are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.matching.comparison.name_keys import author_keys, bare_keys, member_keys, member_surnames, surname_keys
from dmpworks.matching.comparison.people import same_person
from dmpworks.matching.comparison.team import Team
from dmpworks.matching.records import Author
from tests.matching.test_people import OTHERS, SAME, person

WORDS = [
    "Ana",
    "A.",
    "García",
    "Márquez",
    "van",
    "den",
    "Berg",
    "O'Brien",
    "O",
    "Brien",
    "Li",
    "Tao",
    "T",
    "DH",
    "Müller",
]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
FULL_NAMES = st.one_of(NAMES.map(" ".join), st.tuples(NAMES, NAMES).map(lambda parts: ", ".join(map(" ".join, parts))))


def query_keys(member: Author) -> set[str]:
    """The terms of a plan's query for a member that meet the field `initial` of works."""
    return {*member_keys(member), *bare_keys(member)}


@pytest.mark.parametrize(("member", "author"), [(member, author) for member, author, _ in SAME])
def test_the_query_finds_everyone_who_can_be_the_same_person(member: str, author: str) -> None:
    if member_keys(person(member)):
        assert query_keys(person(member)) & set(author_keys(person(author)))
    else:
        assert set(member_surnames(person(member))) & set(surname_keys(person(author)))


@given(FULL_NAMES, FULL_NAMES)
def test_a_team_finds_whom_a_comparison_with_every_member_finds(member: str, author: str) -> None:
    assert Team([person(member)]).agreement(person(author)) == same_person(person(member), person(author))


@pytest.mark.parametrize(("member", "author"), [("Tao Wang", "Wei Wang"), ("David Brown", "Brown, Emma"), OTHERS[-1]])
def test_a_surname_with_another_initial_is_not_searched(member: str, author: str) -> None:
    assert query_keys(person(member)).isdisjoint(author_keys(person(author)))


def test_a_bare_surname_is_searched_only_among_authors_without_given_names() -> None:
    assert query_keys(person("Tao Wang")) == {"wang.t", "wang."}
    assert author_keys(person("Wang")) == ("wang.",)
    assert "wang." not in author_keys(person("Wei Wang"))


def test_a_member_without_given_name_is_searched_among_all() -> None:
    assert member_keys(person("Wang")) == ()
    assert Team([person("Wang")]).agreement(person("Wei Wang")) == (0.3, ("authors.surname",))


def test_the_best_of_several_members_counts() -> None:
    team = Team([person("T. Wang"), person("Tao Wang", "0000-0001-2345-6789"), person("Alice Brown")])
    assert team.agreement(person("Tao Wang")) == (0.9, ("authors.surname", "authors.givenName"))
    assert team.agreement(person("Somebody Else", "0000-0001-2345-6789")) == (1.0, ("authors.orcid",))
    assert team.agreement(person("Bob Brown")) is None


def test_keys_of_a_name() -> None:
    name = person("Bram van den Bakker")
    assert member_surnames(name) == ("vandenbakker", "bakker")
    assert member_keys(name) == ("vandenbakker.b", "bakker.b")
    assert {"vandenbakker.b", "bakker.b", "bram.v"} <= set(author_keys(name))
    assert {"bram", "van", "den", "bakker", "vanden", "vandenbakker"} <= set(surname_keys(name))
    assert member_surnames(person("Brendan O'Brien")) == ("obrien",)


@pytest.mark.parametrize("name", ["", "-", "'", "Ann-", "...", "李", "X Æ A-12", "de la", "123", "\u200b"])
def test_odd_names_have_no_empty_key(name: str) -> None:
    odd = Author(surname=name, full=name)
    assert all(surname_keys(odd)) and all(member_surnames(odd))
    assert not any(key.startswith(".") for key in author_keys(odd))
