"""The keys under which names are indexed and searched: a surname with the initial of the given name, "wang.t".

Two names that `people.same_person` accepts have a key in common, so that comparing keys finds every candidate. A
surname without an initial ("wang.") is the key of a name without given names. Such evidence is weak and namesakes are
many, so that a bare surname is searched only where one side gives nothing more.
"""

from functools import lru_cache

from dmpworks.matching.comparison.people import name_of, runs_and_rest, surname_parts
from dmpworks.matching.records import Author


@lru_cache(maxsize=65_536)
def author_keys(author: Author) -> tuple[str, ...]:
    """Return the keys of a work's author, for each way to read the surname: its initial is that of the word before it.

    Of "María García López" both words may be the surname: "garcialopez.m", "lopez.m", "garcia.m".
    """
    name = name_of(author)
    keys = [_key(run, rest) for run, rest in runs_and_rest(name.words)]
    outside = tuple(word for word in name.words if word not in name.surname)
    for surname in ("".join(name.surname), *surname_parts(name.surname)):
        keys += [f"{surname}.{_initial(rest)}" for rest in (name.given, outside) if surname]
    return tuple(dict.fromkeys(keys))


@lru_cache(maxsize=65_536)
def surname_keys(author: Author) -> tuple[str, ...]:
    """Return every run of up to three words of the name, written together: any of them may be the surname."""
    name = name_of(author)
    keys = ["".join(run) for run, _ in runs_and_rest(name.words)]
    return tuple(key for key in dict.fromkeys([*keys, "".join(name.surname)]) if key)


def member_keys(member: Author) -> tuple[str, ...]:
    """Return the keys that find a plan's member among authors with given names; none without a given name."""
    name = name_of(member)
    return tuple(f"{surname}.{_initial(name.given)}" for surname in member_surnames(member)) if name.given else ()


def bare_keys(member: Author) -> tuple[str, ...]:
    """Return the keys that find a plan's member among authors without given names."""
    return tuple(f"{surname}." for surname in member_surnames(member))


def member_surnames(member: Author) -> tuple[str, ...]:
    """Return the surname of a plan's member, and each part of it that may be used alone."""
    surname = name_of(member).surname
    return tuple(dict.fromkeys(key for key in ("".join(surname), *surname_parts(surname)) if key))


def has_given_name(member: Author) -> bool:
    """Return whether more than the surname is known."""
    return bool(name_of(member).given)


def _key(run: tuple[str, ...], rest: tuple[str, ...]) -> str:
    return f"{''.join(run)}.{_initial(rest)}"


def _initial(words: tuple[str, ...]) -> str:
    return words[0][0] if words else ""
