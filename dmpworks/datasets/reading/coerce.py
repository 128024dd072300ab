"""Reads a record whose values have other types than the format says, before it would be quarantined.

Where text is expected, numbers become text; where a list is expected, an object becomes a list of one; "true" becomes a
truth value. A value that cannot be converted becomes the default of its field. Only a line that is no JSON object
remains an error.
"""

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from dmpworks.cleaners.text import number

T = TypeVar("T")

_INVALID = object()


def decode_leniently(line: bytes, kind: type[T]) -> T:
    """Return the record of a line; raises ValueError (or its subclasses for JSON and UTF-8) or RecursionError."""
    # The parser of the standard library accepts lone surrogates, which msgspec rejects; the cleaners remove them.
    value = json.loads(line.decode(), parse_constant=lambda name: None)
    return coerce(value, kind)


def coerce(value: Any, kind: type[T]) -> T:
    """Return a parsed JSON object as the given struct; raises ValueError if it is no object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {type(value).__name__}")
    return cast(T, _as(value, type_info(cast(Hashable, kind))))


@cache
def type_info(kind: Any) -> inspect.Type:
    """Return msgspec's description of a type, cached: computing it takes much longer than decoding a record."""
    return inspect.type_info(kind)


def _as(value: Any, kind: inspect.Type) -> Any:
    """Return a value converted to the type, or _INVALID."""
    match kind:
        case inspect.UnionType():
            return _as_union(value, kind)
        case inspect.StructType():
            return _as_struct(value, kind)
        case inspect.ListType():
            return _as_list(value, kind)
        case inspect.DictType():
            return _as_dict(value, kind)
        case inspect.RawType():
            return msgspec.Raw(json.dumps(value).encode())
        case inspect.AnyType():
            return value
    return _as_scalar(value, kind)


def _as_union(value: Any, kind: inspect.UnionType) -> Any:
    if value is None:
        return None if any(isinstance(member, inspect.NoneType) for member in kind.types) else _INVALID
    for member in kind.types:
        if isinstance(value, _natural(member)):
            return _as(value, member)
    converted = (_as(value, member) for member in kind.types if not isinstance(member, inspect.NoneType))
    return next((found for found in converted if found is not _INVALID), _INVALID)


def _natural(kind: inspect.Type) -> type | tuple[type, ...]:
    match kind:
        case inspect.StructType() | inspect.DictType():
            return dict
        case inspect.ListType():
            return list
        case inspect.StrType():
            return str
        case inspect.BoolType():
            return bool
        case inspect.IntType():
            return int
        case inspect.FloatType():
            return float
    return ()


def _as_struct(value: Any, kind: inspect.StructType) -> Any:
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, dict)), None)
    if not isinstance(value, dict):
        return _INVALID
    found = {}
    for field in kind.fields:
        if field.encode_name in value:
            converted = _as(value[field.encode_name], field.type)
            if converted is not _INVALID:
                found[field.name] = converted
    return kind.cls(**found)


def _as_list(value: Any, kind: inspect.ListType) -> Any:
    if value is None:
        return _INVALID
    items = (_as(item, kind.item_type) for item in (value if isinstance(value, list) else [value]))
    return [item for item in items if item is not _INVALID]


def _as_dict(value: Any, kind: inspect.DictType) -> Any:
    if not isinstance(value, dict):
        return _INVALID
    found = {key: _as(item, kind.value_type) for key, item in value.items()}
    return {key: item for key, item in found.items() if item is not _INVALID}


def _as_scalar(value: Any, kind: inspect.Type) -> Any:
    if isinstance(value, list):
        value = next((item for item in value if not isinstance(item, list | dict | None)), None)
    if value is None or isinstance(value, dict):
        return _INVALID
    match kind:
        case inspect.StrType():
            return _as_text(value)
        case inspect.BoolType():
            return _TRUTH.get(str(value).strip().lower(), _INVALID)
        case inspect.IntType() | inspect.FloatType():
            return _as_number(value, int if isinstance(kind, inspect.IntType) else float)
    return _INVALID


_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return _INVALID if isinstance(value, bool) else number(value) or _INVALID


def _as_number(value: Any, kind: type) -> Any:
    if isinstance(value, bool):
        return _INVALID
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return _INVALID
