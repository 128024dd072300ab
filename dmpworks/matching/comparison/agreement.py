"""How strongly one item of a plan agrees with one item of a work."""

from typing import NamedTuple


class Agreement(NamedTuple):
    """A strength from 0 to 1, and the fields of the work that agree."""

    score: float
    fields: tuple[str, ...]
