"""The query to a search engine, in terms that every engine can answer alike.

A work is a candidate when at least one *strong* clause matches; its score is the sum of the weights of all clauses
that match. Weights are multiples of 1/16, so that sums of single-precision numbers are exact and the order is the
same on every engine and on any number of shards.
"""

from datetime import date

import msgspec


class Clause(msgspec.Struct, frozen=True):
    """One signal: the field contains any of `terms`, or `phrase` in order within `slop`; scores `weight` once."""

    field: str
    weight: float
    terms: tuple[str, ...] = ()
    phrase: tuple[str, ...] = ()
    slop: int = 0


class Query(msgspec.Struct, frozen=True):
    """What to find and what to leave out; hits come by score, then DOI ascending, at most `limit`.

    Where `required` is not empty, one of its clauses must match beside a strong one.
    """

    strong: tuple[Clause, ...]
    required: tuple[Clause, ...] = ()
    supporting: tuple[Clause, ...] = ()
    published_from: date = date(1990, 1, 1)
    published_to: date | None = None
    excluded_types: tuple[str, ...] = ()
    excluded_dois: tuple[str, ...] = ()
    limit: int = 100


def sixteenths(weight: float) -> float:
    """Return the weight rounded to the nearest positive multiple of 1/16."""
    return max(1, round(weight * 16)) / 16
