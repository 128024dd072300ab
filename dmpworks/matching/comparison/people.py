"""Whether an author of a work is a member of a plan: by ORCID, or by surname together with given names.

Names come in every order and length ("Wang Tao", "T. Wang", "WANG, Tao"; "O'Brien", "O Brien"; "García Márquez",
"Garcia-Marquez", "García"), so a surname is searched as a run of the full name's words, written together.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dmpworks.matching.comparison.agreement import Agreement
from dmpworks.matching.records import Author
from dmpworks.matching.tokens import tokenize_name

_LONGEST_SURNAME = 3  # words: "van den Berg"
_SHORTEST_PART = 3  # letters of a part of a surname that may stand for the whole
_SHORTEST_STEM = 3  # letters of a short form of a given name: "Dan" for "Daniel"
_LONGEST_INITIALS = 3  # "JRR" may be initials, "Lena" is a name
_TWO_LETTERS = re.compile("([aou])e|(a)a")  # how ä, ö, ü, ø and å are written without them

# Words that begin surnames but are none themselves.
_PARTICLES = frozenset(
    "af al ap bin ibn bint da das de dei del della den der di do dos du e el la las le les lo los mac mc san santa "
    "st saint ten ter van vande vanden vander ver vom von y zu zum zur".split()
)


# Scores of agreement, by what agrees. An ORCID is proof; a full given name nearly so; an initial leaves one namesake
# in a dozen; a surname alone is weak evidence, part of a surname weaker.
ORCID = Agreement(1.0, ("authors.orcid",))
GIVEN_NAME = Agreement(0.9, ("authors.surname", "authors.givenName"))
SHORT_NAME = Agreement(0.7, ("authors.surname", "authors.givenName"))
INITIAL = Agreement(0.6, ("authors.surname", "authors.firstInitial"))
SURNAME_ALONE = Agreement(0.3, ("authors.surname",))
_PART_OF_SURNAME = 0.7  # factor when only part of a surname agrees, or it stands where the given name should


class Name(NamedTuple):
    """The words of a name, and which of them are the surname as far as the source knows."""

    words: tuple[str, ...]
    surname: tuple[str, ...]

    @property
    def given(self) -> tuple[str, ...]:
        """Return the words that are not the surname, in order."""
        start = _find(self.surname, self.words)
        return self.words if start < 0 else self.words[:start] + self.words[start + len(self.surname) :]


@lru_cache(maxsize=65_536)
def name_of(author: Author) -> Name:
    """Return the words of a name from its parts, which hold no titles; from the full name where there are none."""
    surname = _words(author.surname)
    given = _words(author.given_name or author.first_initial)
    middle = _words(author.middle_names) or tuple("".join(_words(author.middle_initials)))
    words = given + middle + surname if given else _words(author.full or author.surname)
    return Name(words, surname or words[-1:])


def _words(name: str | None) -> tuple[str, ...]:
    """Return the words of a name, in which "Mueller" is "Müller", "Soerensen" "Sørensen" and "Haakon" "Håkon"."""
    words = tokenize_name(name or "")
    return tuple(_TWO_LETTERS.sub(r"\1\2", word) if len(word) > _LONGEST_INITIALS else word for word in words)


def same_person(member: Author, author: Author) -> Agreement | None:
    """Return how surely a work's author is a plan's member; None when they are two people."""
    if member.orcid and author.orcid:
        return ORCID if member.orcid == author.orcid else None
    return _names_agree(name_of(member), name_of(author))


@lru_cache(maxsize=262_144)
def _names_agree(member: Name, author: Name) -> Agreement | None:
    best: Agreement | None = None
    for rest, factor in _readings(member, author):
        given = _given_agree(member.given, rest)
        # Where the surname is out of place, only a given name distinguishes a person from a chance word.
        if given and (factor == 1 or given.score >= SHORT_NAME.score):
            score = round(given.score * factor, 4)
            if best is None or score > best.score:
                best = Agreement(score, given.fields)
    return best


def _readings(member: Name, author: Name) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield each way to read the surname in a name: the rest of the name, and how sure the reading is."""
    surname = member.surname
    if not surname:
        return
    whole = "".join(surname)
    for run, rest in runs_and_rest(author.words):
        key = "".join(run)
        if key == whole:
            sure = key == "".join(author.surname) or _ends_alike(member, author, run)
            yield rest, 1.0 if sure else _PART_OF_SURNAME
        elif run == author.surname and (key in surname_parts(surname) or whole in surname_parts(author.surname)):
            yield rest, _PART_OF_SURNAME
        elif key in surname_parts(surname) and set(run) <= set(author.surname):
            yield tuple(word for word in rest if word not in author.surname), _PART_OF_SURNAME


def _ends_alike(member: Name, author: Name, run: tuple[str, ...]) -> bool:
    """Return whether both names end with this surname and differ only in where it begins.

    Of "María García López" one source has the surname López, another García López.
    """
    words = {*run, *member.given}
    return author.words[-len(run) :] == run and words.issuperset(author.surname)


def _given_agree(member: tuple[str, ...], author: tuple[str, ...]) -> Agreement | None:
    """Return how the given names agree; None when they conflict."""
    if not member or not author:
        return SURNAME_ALONE
    if "".join(member) == "".join(author):
        return GIVEN_NAME if len(author[0]) > 1 else INITIAL
    if member[0] == author[0]:
        return _with_same_first(member, author)
    first, other = sorted((member[0], author[0]), key=len)
    if len(first) >= _SHORTEST_STEM and other.startswith(first):
        return SHORT_NAME
    if _initials_of(member, author) or _initials_of(author, member):
        return INITIAL
    return None


def _with_same_first(member: tuple[str, ...], author: tuple[str, ...]) -> Agreement | None:
    """Compare second given names where the first agree: James K. is not James L."""
    if any(ours[0] != theirs[0] for ours, theirs in zip(member[1:2], author[1:2], strict=False)):
        return None
    return GIVEN_NAME if len(author[0]) > 1 else INITIAL


def _initials_of(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Return whether one name consists of initials that fit the other's: "D. H.", "D. Hyun" or "DH"."""
    initials = "".join(word[0] for word in long)
    if all(len(word) == 1 for word in short):
        letters = "".join(short)
        return initials.startswith(letters) or letters.startswith(initials)
    if len(short) == 1:
        # Together they must all fit, or "Ada" would be the initials of any "Anna".
        return len(short[0]) <= _LONGEST_INITIALS and initials.startswith(short[0])
    return len(short[0]) == 1 and short[0] == initials[0] and not set(short[1:]).isdisjoint(long[1:])


def surname_parts(surname: tuple[str, ...]) -> tuple[str, ...]:
    """Return the forms of a surname of several words: without its particles, and each word that may be used alone."""
    if len(surname) < 2:
        return ()
    bare = tuple(word for word in surname if word not in _PARTICLES)
    single = tuple(word for word in bare if len(word) >= _SHORTEST_PART)
    return tuple(dict.fromkeys(("".join(bare), *single)))


def runs_and_rest(words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield every run of up to three words that may be a surname, and the words around it."""
    for length in range(1, min(len(words), _LONGEST_SURNAME) + 1):
        for start in range(len(words) - length + 1):
            yield words[start : start + length], words[:start] + words[start + length :]


def _find(run: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Return where a run of words last begins, since surnames come last; -1 when absent."""
    if not run:
        return -1
    starts = range(len(words) - len(run), -1, -1)
    return next((start for start in starts if words[start : start + len(run)] == run), -1)
