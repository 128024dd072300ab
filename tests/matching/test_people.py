"""Whether an author of a work is a member of a plan."""

import msgspec
import pytest

from dmpworks.cleaners import names
from dmpworks.matching.comparison.people import same_person
from dmpworks.matching.records import Author


def person(full: str | None, orcid: str | None = None) -> Author:
    parsed = names.parse(full, orcid=orcid)
    return Author(**msgspec.structs.asdict(parsed)) if parsed else Author(orcid=orcid)


SAME = [
    ("Tao Wang", "Wang, Tao", 0.9),
    ("Tao Wang", "WANG Tao", 0.9),
    ("Tao Wang", "Wang Tao", 0.63),  # the surname stands where given names stand: less sure
    ("Tao Wang", "T. Wang", 0.6),
    ("Tao Wang", "Wang, T", 0.6),
    ("Dong-Hyun Kang", "Kang, Donghyun", 0.9),
    ("Dong-Hyun Kang", "D.-H. Kang", 0.6),
    ("Dong-Hyun Kang", "Kang DH", 0.6),
    ("Dr. Dong-Hyun Kang", "Dong‐Hyun Kang", 0.9),
    ("Brendan O'Brien", "B. O’Brien", 0.6),
    ("Brendan O'Brien", "O Brien, Brendan", 0.9),
    ("Brendan OBrien", "Brendan O'Brien", 0.9),
    ("Jürgen Müller", "Jurgen Muller", 0.9),
    ("Łukasz Nowak", "Lukasz Nowak", 0.9),
    ("José Luis García Márquez", "Garcia-Marquez, Jose Luis", 0.9),  # we took Márquez alone for the surname
    ("José Luis García Márquez", "J. L. García-Márquez", 0.6),
    ("García-Márquez, José", "José García Márquez", 0.9),
    ("Jörg Müller", "Mueller, Joerg", 0.9),
    ("Søren Ørsted", "Soeren Oersted", 0.9),
    ("García Márquez, José", "José García", 0.63),
    ("Andrés Rodríguez-Rodríguez", "Andrés Rodríguez", 0.63),
    ("Bram van den Bakker", "van den Bakker, B.", 0.6),
    ("Bram van den Bakker", "Bakker, Bram", 0.63),
    ("Daniel Smith", "Dan Smith", 0.7),
    ("James K. Smith", "Smith, James", 0.9),
    ("James K. Smith", "J. K. Smith", 0.6),
    ("James Kenneth Smith", "Smith, James K.", 0.9),
    ("Ｔａｏ　Ｗａｎｇ", "Tao Wang", 0.9),
    ("Dong-Hyun Kang", "D. Hyun Kang", 0.6),
    ("Smith", "John Smith", 0.3),
]

OTHERS = [
    ("Tao Wang", "Wei Wang"),
    ("Tao Wang", "W. Wang"),
    ("David Brown", "Daniel Brown"),
    ("James K. Smith", "James L. Smith"),
    ("James Kenneth Smith", "James Lee Smith"),
    ("Jean Martin", "Martin Smith"),
    ("J. Martin", "Martin Jones"),
    ("Ana Lee", "Leeann Brown"),
    ("Bo Li", "Bo Lin"),
    ("Thomas Berg", "Thomas van den Bergh"),
    ("Maria Santos", "Santos, Mario"),
    ("Alice Brown", "Browne, Alice"),
    ("Ada Byron", "Anna Byron"),
    ("Bo Li", "Ben Li"),
    ("Maria López", "M. García-López"),
    ("J. Muller", "H. Mueller"),
]


@pytest.mark.parametrize(("member", "author", "score"), SAME)
def test_the_same_person(member: str, author: str, score: float) -> None:
    found = same_person(person(member), person(author))
    assert found is not None
    assert found.score == score


@pytest.mark.parametrize(("member", "author"), OTHERS)
def test_another_person(member: str, author: str) -> None:
    assert same_person(person(member), person(author)) is None
    assert same_person(person(author), person(member)) is None


def test_an_orcid_is_proof() -> None:
    ours, theirs = "0000-0001-2345-6789", "0000-0002-2345-6789"
    renamed = same_person(person("Alice Brown", ours), person("A. Miller", ours))
    assert renamed == (1.0, ("authors.orcid",))
    assert same_person(person("Alice Brown", ours), person("Alice Brown", theirs)) is None
    assert same_person(person("Alice Brown", ours), person("Alice Brown")) == (
        0.9,
        ("authors.surname", "authors.givenName"),
    )


def test_a_member_known_by_orcid_alone_matches_nobody_by_name() -> None:
    assert same_person(person(None, "0000-0001-2345-6789"), person("Alice Brown")) is None


@pytest.mark.parametrize("name", ["", "-", "'", "Ann-", "...", "李", "X Æ A-12", "de la", "123", "\u200b"])
def test_odd_names_do_no_harm(name: str) -> None:
    odd = Author(surname=name, full=name)
    assert same_person(odd, person("Alice Brown")) is None
