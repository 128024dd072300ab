"""Whether two names, or ids, mean the same organisation: by ROR, else because one name contains the other."""

import re
from collections.abc import Iterable
from functools import lru_cache

from dmpworks.matching.tokens import in_order, tokenize_name

ROR_SCORE = 1.0
NAME_SCORE = 0.8
_SHORTEST_ACRONYM = 3
_LITTLE = frozenset("a and at da das de del der des di do du et for für fur in la of the und y".split())
_FEWEST_WORDS = 2  # of a name that may be part of another; a single word must be the whole name

_SEGMENTS = re.compile(r"\s*[,;(){}\[\]|]\s*|\s+[-–—]\s+")
# Words that organisations share; a part of a name that has no other word ("Department of Physics") names none.
_SHARED = frozenset(
    """
    a academy agency and at authority biology board bureau business center centre chemistry clinic college commission
    committee computer corporation council de del department dept der des die directorate division du ecology economics
    education engineering environmental faculty foundation fund für fur geology geosciences group health hospital in
    inc institut institute instituto it key lab laboratories laboratory law life ltd management mathematics medical
    medicine ministry molecular national neuroscience of office organisation organization pharmacy physics physiology
    plant political program programme psychology public research school science sciences service social society state
    statistics studies study technology the universidad universidade universitat universitaet universite universiteit
    universita university uniwersytet
    """.split()
)


# First words of parts of a name that only give the unit within an organisation.
_UNITS = frozenset("chair department departement dept division facultad faculty lab laboratory school section".split())
_COUNTRIES = (("united", "states", "of", "america"), ("united", "states"), ("u", "s"), ("us",), ("usa",), ("uk",))


@lru_cache(maxsize=65_536)
def phrases(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the parts of a name that may name the organisation, the whole first, without article and country."""
    whole = _bare(tokenize_name(name))
    parts = [_bare(tokenize_name(part)) for part in _SEGMENTS.split(name)]
    return tuple(dict.fromkeys(filter(None, (whole, *filter(_may_stand_alone, parts)))))


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    for start in (("the",), *_COUNTRIES):
        rest = words[len(start) :]
        if words[: len(start)] == start and len("".join(rest)) >= _SHORTEST_ACRONYM:
            words = rest
    return words


def _may_stand_alone(words: tuple[str, ...]) -> bool:
    """Return whether a part of a name is an organisation's: neither one of its units nor a town or country."""
    return len(words) >= _FEWEST_WORDS and words[0] not in _UNITS and not _SHARED.isdisjoint(words)


@lru_cache(maxsize=262_144)
def same_name(one: str, other: str) -> bool:
    """Return whether names are equal, one contains a distinctive part of the other in order, or one is an acronym."""
    ours, theirs = phrases(one), phrases(other)
    if not ours or not theirs:
        return False
    if ours[0] in theirs or theirs[0] in ours or _within(ours, theirs[0]) or _within(theirs, ours[0]):
        return True
    return _abbreviates(ours[0], theirs) or _abbreviates(theirs[0], ours)


def acronyms(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the acronyms of a name of several words, without and with its little words: "nsf"."""
    initials = (_initials(_without_little_words(words)), _initials(words))
    return tuple(dict.fromkeys(word for word in initials if len(word) >= _SHORTEST_ACRONYM))


def _abbreviates(short: tuple[str, ...], names: tuple[tuple[str, ...], ...]) -> bool:
    """Return whether a single word consists of the initials of one of the names, with or without its little words."""
    if len(short) != 1 or len(short[0]) < _SHORTEST_ACRONYM:
        return False
    return any(short[0] in (_initials(words), _initials(_without_little_words(words))) for words in names)


def _initials(words: Iterable[str]) -> str:
    return "".join(word[0] for word in words)


def _without_little_words(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in _LITTLE]


def _within(parts: tuple[tuple[str, ...], ...], words: tuple[str, ...]) -> bool:
    return any(len(part) >= _FEWEST_WORDS and not set(part) <= _SHARED and in_order(part, words) for part in parts)


def same_organisation(
    name: str | None, ror: str | None, other_name: str | None, other_ror: str | None
) -> tuple[float, str] | None:
    """Return how surely two are the same and by what ("ror" or "name"); None when they differ or cannot be compared."""
    if ror and other_ror and ror == other_ror:
        return ROR_SCORE, "ror"
    if ror and other_ror:
        return None
    return (NAME_SCORE, "name") if name and other_name and same_name(name, other_name) else None
