import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.datasets.kernels.objects import Objects, objects, values
from tests.datasets.kernels.samples import thorough

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(['"', "\\", "a\n"])
leaves = texts | st.booleans() | st.integers()
anything = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts.map(str), inner))
one = st.fixed_dictionaries({}, optional={"name": texts, "title": texts, "nested": anything, "other": anything})
stated = st.none() | one | st.lists(one | st.none(), max_size=4)


def found(raws: list[bytes], allow_bare_text: bool = False) -> Objects:
    return objects(values([msgspec.Raw(raw) for raw in raws]), ("name", "title"), ("nested",), allow_bare_text)


def rows(made: Objects) -> list[list[tuple[Any, Any, bytes]]]:
    flat = list(zip(*(column.to_pylist() for column in made.columns), made.nested[0].raws(), strict=True))
    return [flat[begin:end] for begin, end in zip(made.lists.offsets[:-1], made.lists.offsets[1:], strict=True)]


@thorough
@given(st.lists(stated, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_values_of_names_are_those_that_json_has(lists: list[Any], escaped: bool, indent: int | None) -> None:
    raws = [json.dumps(one, ensure_ascii=escaped, indent=indent).encode() for one in lists]
    made = found(raws)
    for known, row, unusual in zip(lists, rows(made), made.unusual, strict=True):
        if unusual:
            assert escaped  # half a surrogate pair, by which json writes characters beyond the basic plane
            continue
        objects_of = [one for one in (known if isinstance(known, list) else [known]) if one is not None]
        assert [one[:2] for one in row] == [(one.get("name"), one.get("title")) for one in objects_of]
        assert [json.loads(one[2] or b"null") for one in row] == [one.get("nested") for one in objects_of]


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"name": 5}]',
        b'[{"name": ["a"]}]',
        b'"text"',
        b"[[]]",
        b"5",
        b'{"n\\u0061me": "a"}',
        b'[{"title": "\\ud800"}]',
    ],
)
def test_what_is_unusual_is_flagged_and_nothing_else(raw: bytes) -> None:
    made = found([b'[{"name":"a"}]', raw, b'{"name":"b"}'])
    assert made.unusual.tolist() == [False, True, False]
    assert [row[0][0] for row, unusual in zip(rows(made), made.unusual, strict=True) if not unusual] == ["a", "b"]


def test_a_text_may_stand_for_an_object() -> None:
    assert rows(found([b'["a",{"name":"b"},null]', b'"c"'], allow_bare_text=True)) == [
        [("a", None, b""), ("b", None, b"")],
        [("c", None, b"")],
    ]


def test_values_are_replaced_at_their_places() -> None:
    before = values([msgspec.Raw(raw) for raw in (b"1", b"22", b"333")])
    after = before.replaced(np.array([0, 2]), [b"44444", b""])
    assert after.raws() == [b"44444", b"22", b""]
    assert objects(after, ("name",)).unusual.tolist() == [True, True, False]


def test_of_a_name_twice_the_last_counts() -> None:
    assert rows(found([b'{"name":"a","name":"b","title":"c","title":null}'])) == [[("b", None, b"")]]
