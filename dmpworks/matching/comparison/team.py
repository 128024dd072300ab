"""A group of people, such as the members of a plan, among whom the authors of many works are looked up."""

from collections.abc import Iterable
from functools import lru_cache

from dmpworks.matching.comparison.agreement import Agreement
from dmpworks.matching.comparison.name_keys import (
    author_keys,
    bare_keys,
    has_given_name,
    member_keys,
    member_surnames,
    surname_keys,
)
from dmpworks.matching.comparison.people import same_person
from dmpworks.matching.records import Author


class Team:
    """People by the keys of their names: few authors share one, and only these are compared."""

    def __init__(self, members: Iterable[Author]) -> None:
        self.members = tuple(members)
        self._by_orcid: dict[str, list[Author]] = {}
        self._by_key: dict[str, list[Author]] = {}
        self._by_surname: dict[str, list[Author]] = {}
        for member in self.members:
            self._add(member)

    def _add(self, member: Author) -> None:
        if member.orcid:
            self._by_orcid.setdefault(member.orcid, []).append(member)
        for surname in () if has_given_name(member) else member_surnames(member):
            self._by_surname.setdefault(surname, []).append(member)
        for key in (*member_keys(member), *bare_keys(member)) if has_given_name(member) else ():
            self._by_key.setdefault(key, []).append(member)

    def agreement(self, author: Author) -> Agreement | None:
        """Return how surely an author is the member who agrees best; None when the author is nobody of the team."""
        alike = self._alike(author)
        return max((same for member in alike if (same := same_person(member, author))), default=None) if alike else None

    def _alike(self, author: Author) -> list[Author]:
        """Return the members who share a key with an author, some of them repeatedly."""
        alike = list(self._by_orcid.get(author.orcid, ())) if author.orcid else []
        for key in author_keys(author):
            if key in self._by_key:
                alike += self._by_key[key]
        if self._by_surname:
            alike += [member for key in surname_keys(author) for member in self._by_surname.get(key, ())]
        return alike


@lru_cache(maxsize=1_024)
def team_of(members: tuple[Author, ...]) -> Team:
    """Return the team of a plan's members; cached, since thousands of works are compared with one plan."""
    return Team(members)
