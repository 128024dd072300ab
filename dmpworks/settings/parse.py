"""What a setting's value may be: from the text of an environment variable to a value of the declared type."""

import math
import re
import types
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

TRUE, FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def alternatives(kind: Any) -> list[Any]:
    """Return the types that a value may have, None left out."""
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return [member for member in members if member is not type(None)]


def allowed(kind: Any) -> str:
    """Return in words what a value of a type may be."""
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return "names separated by commas"
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "a text")


def within(limits: tuple[float, float], value: float) -> bool:
    """Return whether a number is within limits; nan never is."""
    return limits[0] <= value <= limits[1] and value < math.inf


def is_date(format: re.Pattern[str], text: str) -> bool:
    """Tell whether a text has a date's format and is one."""
    try:
        return bool(format.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def convert(text: str, kind: Any) -> Any:
    """Return the value that a text denotes; raises ValueError."""
    if kind is bool:
        if text.lower() not in TRUE + FALSE:
            raise ValueError(text)
        return text.lower() in TRUE
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(text)
        return text
    if get_origin(kind) is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return kind(text)
