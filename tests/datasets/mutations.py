"""Records damaged at random, by a fixed seed: what no source promises to send, and some source once will."""

import copy
import json
import random
from typing import Any

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**19, -(10**300), 2020.0, [], {}, "", " ", "\n\t", "\x00", "n/a", [None],
    [[]], [{}], {"": ""}, {"name": 5}, "\ud800", "a\udfffb", " padded ", "x\x00y", "\u00a0", "\ufeff", "<i></i>",
    "&lt;b&gt;&#0;&nbsp;", "10.1/", "10.1234/", "10.1234/\u0130\u212b", "https://doi.org/10.1234/a%20b%00c",
    "https://ror.org/", "https://ror.org/0\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "0123456789",
    "\u0660\u0660\u0660\u0660-0001-2345-6789", "https://orcid.org/0000-0001-2345-678X ", ";,;,", "grid.\u0661.a",
    "http://", "https:///", ", , ,", "Dr.", "\u674e\uff0c", "-", ".", "\u200b", "e\u0301\u0000", "0000-00-00",
    "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2020-01-01T\ud800", "2020-13-45", "true", "((((",
    "<!--" * 9, "Q\u0661", "\u0130", "\U000e0001", "a" * 3000,
)  # fmt: skip


def damaged(record: dict[str, Any], chance: random.Random) -> bytes:
    """Return the JSON of a record with one to four damages; sometimes it is no JSON, or no UTF-8."""
    value: Any = copy.deepcopy(record)
    for _ in range(chance.randint(1, 4)):
        value = _damage(value, chance)
    line = json.dumps(value, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    if chance.random() < 0.85:
        return line
    return chance.choice((_cut, _flip, _repeat_keys, _deep, _split_utf8))(line, chance).replace(b"\n", b" ") or b"{"


def _damage(value: Any, chance: random.Random) -> Any:
    """Change one thing somewhere inside a value, or the value itself."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        match chance.random():
            case p if p < 0.05:
                del value[key]
            case p if p < 0.1:
                value[chance.choice((key.upper(), key.title(), "", "\ud800", " " + key, "\x00"))] = value.pop(key)
            case _:
                value[key] = _damage(value[key], chance)
        return value
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        value[place] = _damage(value[place], chance)
        return value
    return _instead(value, chance)


def _instead(value: Any, chance: random.Random) -> Any:
    match chance.random():
        case p if p < 0.1:
            return [value]
        case p if p < 0.2:
            return {"0": value}
        case p if p < 0.25:
            return [value, None, value]
        case p if p < 0.35 and isinstance(value, str):
            place = chance.randint(0, len(value))
            return value[:place] + str(chance.choice(ODD)) + value[place:]
    return copy.deepcopy(chance.choice(ODD))


def _cut(line: bytes, chance: random.Random) -> bytes:
    return line[: chance.randrange(len(line))]


def _flip(line: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(line))
    return line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]


def _repeat_keys(line: bytes, chance: random.Random) -> bytes:
    return line.replace(b"{", b'{"id":7,"DOI":[],"attributes":{},"doi":"10.1/again",', chance.randint(1, 2))


def _deep(line: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((3, 900, 960, 990, 100_000))
    return line.replace(b"null", b"[" * depth + b"]" * depth, 1).replace(b'""', b'{"a":' * depth + b"1" + b"}" * depth)


def _split_utf8(line: bytes, chance: random.Random) -> bytes:
    return line.replace(b'":"', b'":"\xff\xc3', 1) if chance.random() < 0.5 else line.replace(b'": "', b'": "\xe2\x82')
