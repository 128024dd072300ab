"""Decides which words of an author's name without a comma are the surname, and which the given names."""

import re

from dmpworks.cleaners import name_vocabulary as words
from dmpworks.cleaners.text import folded

EAST_ASIAN = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PATRONYMIC = re.compile(r"\w\w+(?:[иі]ч|[аеоії][вў]на|ична|[eo]vich|[eo]vna|ichna)")
_RUSSIAN = re.compile(r"\w\w+(?:[eo]v|sk[iy]{1,2})")
_HANGUL = re.compile(r"[\uac00-\ud7af]{2,5}")


def in_order(tokens: list[str]) -> tuple[str, list[str], bool]:
    """Return surname, given names, and whether short words in capitals among these are initials."""
    if EAST_ASIAN.search("".join(tokens)):
        return *_east_asian(tokens), False
    if len(tokens) == 1:
        return tokens[0], [], False
    mixed = not all(token.isupper() for token in tokens)
    start, end = _surname_span(tokens, mixed)
    return " ".join(tokens[start:end]), tokens[end:] if start == 0 else tokens[:start], mixed


def _surname_span(tokens: list[str], mixed: bool) -> tuple[int, int]:
    """Return begin and end of the surname: it is either the first or the last words."""
    last = len(tokens)
    if mixed and (span := _capitals(tokens)):
        return span
    leading = _count(tokens, mixed)
    trailing = _count(tokens[::-1], mixed)
    if leading == 0 and 0 < trailing < last:
        return 0, last - trailing
    if 1 < leading < last:
        return leading, last
    if tokens[0].lower() in words.PARTICLES and tokens[0].islower():
        return 0, last
    if _is_vietnamese(tokens) or _ends_in_patronymic(tokens):
        return 0, 1
    if last > 2 and tokens[-1].lower() in words.GENERATIONS:
        return min(_particle(tokens), last - 2), last
    return _particle(tokens), last


def _is_vietnamese(tokens: list[str]) -> bool:
    """Return whether a name begins with a Vietnamese surname, recognised with the help of a usual middle name."""
    if len(tokens) < 3 or folded(tokens[0]) not in words.VIETNAMESE_SURNAMES:
        return False
    if tokens[1].islower() and not tokens[0].islower():  # a particle: "Ly van Berg"
        return False
    middle = folded(tokens[1])
    return middle == "thi" or (len(tokens) == 3 and middle in words.VIETNAMESE_MIDDLE)


def _ends_in_patronymic(tokens: list[str]) -> bool:
    """Return whether a name is "Surname Given Patronymic", not "Given Patronymic Surname" or "Given Middle Surname"."""
    if len(tokens) != 3:
        return False
    first, second, third = map(str.lower, tokens)
    if not _PATRONYMIC.fullmatch(third) or _PATRONYMIC.fullmatch(second):
        return False
    # In Latin letters a male patronymic may be a surname ("Rabinovich"): the first word must then be a Russian surname.
    return not third.endswith("vich") or bool(_RUSSIAN.fullmatch(first))


def _particle(tokens: list[str]) -> int:
    """Return the begin of the surname: the first particle after the given name, else the last word."""
    for place in range(1, len(tokens) - 1):
        token = tokens[place]
        if token in words.JOINERS and place > 1:
            return place - 1
        if (token.islower() and token in words.PARTICLES) or token.lower() in words.CAPITAL_PARTICLES:
            return place
        if token.lower().startswith(("d'", "d’", "al-", "el-")) and token[0].islower():
            return place
    return len(tokens) - 1


def _capitals(tokens: list[str]) -> tuple[int, int] | None:
    """Return begin and end of a surname in capitals at the beginning or end of a name; None if there is none."""
    shouted = [words.is_shouted(token) for token in tokens]
    particles = [token.islower() and token in words.PARTICLES for token in tokens]
    if shouted[0] and not shouted[-1] and not words.is_initials(tokens[-1], True):
        end = shouted.index(False)
        return None if any(shouted[end:]) else (0, end)
    if shouted[-1] and not shouted[0]:
        start = len(tokens) - 1
        while start > 1 and (shouted[start - 1] or particles[start - 1]):
            start -= 1
        return start, len(tokens)
    return None


def _count(tokens: list[str], mixed: bool) -> int:
    """Return the number of initials at the beginning."""
    for place, token in enumerate(tokens):
        if not words.is_initials(token, mixed):
            return place
    return len(tokens)


def _east_asian(tokens: list[str]) -> tuple[str, list[str]]:
    if len(tokens) > 1:
        return tokens[0], tokens[1:]
    name = tokens[0]
    if "・" in name or "·" in name:
        parts = re.split("[・·]", name)
        return parts[-1], parts[:-1]
    if _HANGUL.fullmatch(name):
        size = 2 if len(name) > 2 and name[:2] in words.KOREAN_TWO_SYLLABLES else 1
        return name[:size], [name[size:]]
    return name, []
