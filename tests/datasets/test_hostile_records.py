"""Legal and illegal records that break other tools: what becomes of each, in each dataset.

The JSON table is that of the measurements behind the reader: every row of it that some parser answers by aborting,
by leaving out a record without a word, or by a value that nobody wrote.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.datasets.hostile import CORPUS, EVERY, LINES, ROR, Kind, key, outcome
from tests.datasets.test_damaged_records import check_row

Change = Callable[[bytes], bytes]
KEPT = "kept"
KINDS = {"malformed JSON", "bad UTF-8", "nested too deeply", "not an object"}


def with_other(value: bytes) -> Change:
    """Return a change of the field that nobody reads."""
    return lambda line: line.replace(b'"unused"', value)


def with_title(value: bytes) -> Change:
    return lambda line: line.replace(b'"A title"', value)


# What is done to the line of a good record, and what becomes of it: its title, KEPT, or why it is set aside.
JSON: dict[str, tuple[Change, str]] = {
    "nothing": (lambda line: line, "A title"),
    "cut short": (lambda line: line[:-20], "malformed JSON"),
    "no quotes": (lambda line: line.replace(b'"A title"', b"A title"), "malformed JSON"),
    "single quotes": (lambda line: line.replace(b'"', b"'"), "malformed JSON"),
    "duplicate keys": (lambda line: b'{"id":7,"DOI":[],"doi":{},"attributes":1,"title":"x",' + line[1:], "A title"),
    "an integer for a text": (with_title(b"1984"), "1984"),
    "a float for a text": (with_title(b"19.5"), "19.5"),
    "a list for a text": (with_title(b'["A title", "another"]'), "A title"),
    "a lone surrogate": (with_title(b'"A title\\ud800"'), "A title"),
    "a surrogate pair": (with_title(b'"A title \\ud83d\\ude00"'), "A title \U0001f600"),
    "a null character": (with_title(b'"A\\u0000 title"'), "A title"),
    "bad UTF-8 in a field that is read": (with_title(b'"A t\xff\xfeitle"'), "bad UTF-8"),
    "cut UTF-8": (with_title(b'"A title\xe2\x82"'), "bad UTF-8"),
    "a surrogate in UTF-8": (with_title(b'"A title\xed\xa0\x80"'), "bad UTF-8"),
    "bad UTF-8 in a field that is not read": (with_other(b'"\xff"'), "A title"),
    "an integer of more than 64 bits": (with_other(b"1" * 30), "A title"),
    "a float of many digits": (with_other(b"-0." + b"1" * 400 + b"e-300"), "A title"),
    "a float beyond all bounds": (with_other(b"1e999"), "A title"),
    "NaN": (with_other(b"NaN"), "A title"),
    "NaN for a text": (with_title(b"NaN"), KEPT),
    "a trailing comma": (lambda line: line[:-1] + b",}", "malformed JSON"),
    "a comment": (lambda line: line[:-1] + b"/* no */}", "malformed JSON"),
    "two objects on a line": (lambda line: line + line, "malformed JSON"),
    "two objects on a line, with a comma": (lambda line: line + b"," + line, "malformed JSON"),
    "a list of one": (lambda line: b"[" + line + b"]", "not an object"),
    "null": (lambda line: b"null", "not an object"),
    "a number": (lambda line: b"12", "not an object"),
    "a text": (lambda line: b'"text"', "not an object"),
    "a byte order mark": (lambda line: b"\xef\xbb\xbf" + line, "malformed JSON"),
    "3,000 deep": (with_other(b"[" * 3000 + b"]" * 3000), "nested too deeply"),
    "100,000 deep": (with_other(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested too deeply"),
    "27 MB in a field that is not read": (with_other(b'"' + b"x" * 27_000_000 + b'"'), "A title"),
    "27 MB in a field that is read": (with_title(b'"' + b"a word " * 3_900_000 + b'"'), "27299999 characters"),
    "27 MB of white space": (lambda line: line[:-1] + b" " * 27_000_000 + b"}", "A title"),
    "white space everywhere": (lambda line: b"\t " + line.replace(b'":', b'" \t:\r ') + b" \r", "A title"),
    "escapes everywhere": (with_title(b'"\\u0041\\u0020\\u0074\\u0069\\u0074\\u006c\\u0065"'), "A title"),
}
# Objects of an array are found by their braces: what upsets these breaks the file (see tests of reading arrays).
NOT_IN_ARRAYS = {
    *("cut short", "no quotes", "single quotes", "two objects on a line", "two objects on a line, with a comma"),
    *("a list of one", "a byte order mark"),
    "NaN for a text",  # an organisation without a name is left out
}


def cases(kind: Kind) -> dict[str, tuple[Change, str]]:
    """Return the table as it is for a dataset; one without a title has fewer rows."""
    good = line(kind, 0)
    return {
        name: (change, becomes)
        for name, (change, becomes) in JSON.items()
        if (kind in LINES or name not in NOT_IN_ARRAYS) and (name == "nothing" or change(good) != good)
    }


def line(kind: Kind, number: int, title: Any = "A title") -> bytes:
    return json.dumps(kind.record(key(kind, number), title), separators=(",", ":")).encode()


def told(title: str | None) -> str:
    """Return a title as the table has it: a very long one by its length."""
    return KEPT if title is None else title if len(title) < 1000 else f"{len(title)} characters"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_json(kind: Kind, tmp_path: Path) -> None:
    table = cases(kind)
    # each between two good records, which it must not take along
    lines = [
        made
        for number, name in enumerate(table)
        for made in (line(kind, 2 * number), table[name][0](line(kind, 2 * number + 1)))
    ]
    counts, rows, aside = outcome(kind, lines, tmp_path)
    titles = {row[kind.key]: row[kind.title] if kind.title else KEPT for row in rows}
    became: dict[str, str | None] = {}
    for number, name in enumerate(table):
        good, hostile = (key(kind, 2 * number + each).removeprefix("https://ror.org/") for each in (0, 1))
        assert good in titles, f"the record before {name} is gone"
        became[name] = aside.get(2 * number + 2) or (told(titles[hostile]) if hostile in titles else None)
    expected = {name: becomes if kind.title or becomes in KINDS else KEPT for name, (_, becomes) in table.items()}
    assert became == expected
    assert counts.quarantined == len(aside) == sum(counts.quarantined_by_reason.values())
    assert set(counts.quarantined_by_reason) <= KINDS


VALUES: tuple[Any, ...] = (None, {}, [], [None], [[]], 5, 1.5, True, "text", {"x": [None]}, [{"x": 1}, None, "text"])
Place = tuple[str | int, ...]


class Changed(NamedTuple):
    """A record with another value at one place."""

    place: Place
    value: Any
    record: dict[str, Any]

    @property
    def field(self) -> Place:
        """The field that the place belongs to."""
        return self.place[: 2 if self.place[0] == "attributes" else 1]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yield the path to every value inside a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        yield (*path, name)
        yield from places(inner, (*path, name))


def changes(kind: Kind) -> Iterator[Changed]:
    """Yield a record for every value at every place but that of its key."""
    number = 1
    for place in places(kind.record("key", "A title")):
        for value in VALUES:
            record = kind.record(key(kind, number), "A title")
            inner: Any = record
            for name in place[:-1]:
                inner = inner[name]
            if inner[place[-1]] != key(kind, number):
                inner[place[-1]] = value
                yield Changed(place, value, record)
                number += 1


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_any_value_anywhere_harms_at_most_the_columns_of_its_field(kind: Kind, tmp_path: Path) -> None:
    # Nulls at every level, objects for lists, lists for objects, numbers for text, text for anything.
    made = list(changes(kind))
    records = [kind.record(key(kind, 0), "A title"), *(one.record for one in made)]
    counts, rows, aside = outcome(kind, [json.dumps(record).encode() for record in records], tmp_path)
    assert (counts.read, aside) == (len(records), {})
    by_key = {row.pop(kind.key): row for row in rows}
    keys = [key(kind, number).removeprefix("https://ror.org/") for number in range(len(records))]
    good = by_key[keys[0]]
    differing = {
        number: {name for name in good if by_key[one][name] != good[name]}
        for number, one in enumerate(keys[1:])
        if one in by_key
    }
    touched: dict[Place, set[str]] = {}
    for number, columns in differing.items():
        if made[number].place == made[number].field:
            touched.setdefault(made[number].field, set()).update(columns)
    for number, columns in differing.items():
        check_row(by_key[keys[number + 1]])
        if made[number].place != ("attributes",):
            assert columns <= touched.get(made[number].field, set(good)), made[number]
    left_out = {made[number].place[0] for number in range(len(made)) if number not in differing}
    assert left_out == {ROR: {"names"}, CORPUS: {"publication"}}.get(kind, set())
