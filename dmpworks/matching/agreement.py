"""How far one thing a plan says agrees with one thing a work says."""

from typing import NamedTuple


class Agreement(NamedTuple):
    """A strength from 0 to 1, and the fields of the work that agree."""

    score: float
    fields: tuple[str, ...]
