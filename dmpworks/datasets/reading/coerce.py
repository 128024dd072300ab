"""Reads a record whose values are not of the types its format promises: the second chance before the quarantine.

Numbers become text where text belongs, an object where a list belongs becomes a list of one, "true" a truth value; a
value that cannot be meant becomes the field's default. Only what is no JSON object at all stays an error.
"""

import json
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from dmpworks.cleaners.text import number

T = TypeVar("T")

_NOTHING = object()


def decode_leniently(line: bytes, kind: type[T]) -> T:
    """Return the record of a line; raises ValueError (also its kinds for JSON and UTF-8) or RecursionError."""
    # The standard library's parser takes lone surrogates, which others refuse; the cleaners remove them.
    value = json.loads(line.decode(), parse_constant=lambda name: None)
    return coerce(value, kind)


def coerce(value: Any, kind: type[T]) -> T:
    """Return a parsed JSON object as the given struct; raises ValueError when it is no object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, got {type(value).__name__}")
    return cast(T, _as(value, type_info(cast(Hashable, kind))))


@cache
def type_info(kind: Any) -> inspect.Type:
    """Return what msgspec knows of a type; finding it out takes much longer than decoding a record."""
    return inspect.type_info(kind)


def _as(value: Any, kind: inspect.Type) -> Any:
    """Return a value as the type wants it, or _NOTHING."""
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
        return None if any(isinstance(member, inspect.NoneType) for member in kind.types) else _NOTHING
    for member in kind.types:
        if isinstance(value, _natural(member)):
            return _as(value, member)
    converted = (_as(value, member) for member in kind.types if not isinstance(member, inspect.NoneType))
    return next((found for found in converted if found is not _NOTHING), _NOTHING)


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
        return _NOTHING
    found = {}
    for field in kind.fields:
        if field.encode_name in value:
            converted = _as(value[field.encode_name], field.type)
            if converted is not _NOTHING:
                found[field.name] = converted
    return kind.cls(**found)


def _as_list(value: Any, kind: inspect.ListType) -> Any:
    if value is None:
        return _NOTHING
    items = (_as(item, kind.item_type) for item in (value if isinstance(value, list) else [value]))
    return [item for item in items if item is not _NOTHING]


def _as_dict(value: Any, kind: inspect.DictType) -> Any:
    if not isinstance(value, dict):
        return _NOTHING
    found = {key: _as(item, kind.value_type) for key, item in value.items()}
    return {key: item for key, item in found.items() if item is not _NOTHING}


def _as_scalar(value: Any, kind: inspect.Type) -> Any:
    if isinstance(value, list):
        value = next((item for item in value if not isinstance(item, list | dict | None)), None)
    if value is None or isinstance(value, dict):
        return _NOTHING
    match kind:
        case inspect.StrType():
            return _as_text(value)
        case inspect.BoolType():
            return _TRUTH.get(str(value).strip().lower(), _NOTHING)
        case inspect.IntType() | inspect.FloatType():
            return _as_number(value, int if isinstance(kind, inspect.IntType) else float)
    return _NOTHING


_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _as_text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return _NOTHING if isinstance(value, bool) else number(value) or _NOTHING


def _as_number(value: Any, kind: type) -> Any:
    if isinstance(value, bool):
        return _NOTHING
    try:
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        return _NOTHING
