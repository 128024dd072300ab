"""Values that sources send in several forms: numbers for text, one object for a list, null for anything."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import number, plain_text
from dmpworks.datasets.columns.arrow import Party

T = TypeVar("T")
Loose = str | int | float | None
NULL = msgspec.Raw(b"null")  # the default of an undecoded field (`columns/raw_json.py`)


def as_text(value: Loose) -> str | None:
    """Return a value as text for the identifier cleaners."""
    return value if value is None or isinstance(value, str) else number(value)


def as_list(value: Any) -> list[Any]:
    """Return a list without nulls; a single value becomes a list of one, null an empty list."""
    if isinstance(value, list):
        return [item for item in value if item is not None]
    return [] if value is None else [value]


def distinct(values: Iterable[T | None]) -> list[T]:
    """Return each value once, in order, without None."""
    return list(dict.fromkeys(value for value in values if value is not None))


def party(name: Loose, identifier: Loose = None, scheme: Loose = None) -> Party | None:
    """Return an organisation; None if it has neither a name nor a known identifier."""
    stated = plain_text(name)
    id_type, id = identifiers.organisation_id(as_text(identifier), as_text(scheme)) or (None, None)
    return Party(stated, id_type, id) if stated or id else None
