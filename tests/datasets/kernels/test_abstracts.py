import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.datasets.kernels.abstracts import abstracts, read
from tests.datasets.kernels.samples import anything, marked, thorough

words = st.text(st.sampled_from('abcXYZ.,<>&"\\/é中\t\u00a0'), max_size=12) | anything | marked
indexes = st.dictionaries(words, st.lists(st.integers(0, 40) | st.integers(0, 20_000), max_size=5), max_size=25)
dumped = st.tuples(indexes, st.booleans(), st.sampled_from([None, (",", ":"), (" , ", " :\n")])).map(
    lambda made: json.dumps(made[0], ensure_ascii=made[1], separators=made[2])
)
repeated = st.tuples(dumped, dumped).map(lambda both: both[0][:-1] + ", " * (len(both[0]) > 2) + both[1][1:])


def exact(raw: bytes) -> str | None:
    """Read an index by way of the standard library; what is none counts as unreadable."""
    try:
        return read(raw)
    except ValueError:
        return "unreadable"


def check(values: list[Any]) -> None:
    made = abstracts(pa.array(values, pa.binary()), exact)
    made.validate(full=True)
    assert made.to_pylist() == [None if value is None else exact(value) for value in values]


@thorough
@given(st.lists(st.none() | (dumped | repeated).map(str.encode), max_size=12))
def test_equals_the_abstract_of_each_index(values: list[bytes | None]) -> None:
    check(values)


@thorough
@given(st.lists(st.tuples(dumped.map(str.encode), st.integers(0, 200), st.binary(max_size=3)), max_size=12))
def test_indexes_cut_short_or_overwritten(values: list[tuple[bytes, int, bytes]]) -> None:
    check([raw[:place] for raw, place, _ in values])
    check([raw[:place] + other + raw[place + len(other) :] for raw, place, other in values])


@pytest.mark.parametrize(
    "raw",
    [
        "", " ", "null", '""', "{}", "{ }", "[]", "{", "}", '{"', '{"}', '{"a"}', '{"a":}', '{"a":[', '{"a":[]',
        '{"a":[]}',
        '{"a":[}', '{"a":[0}', '{"a":[0],}', '{"a":[0]]}', '{"a":[0]}}', '{"a":[0]} x', '{"a":[,0]}', '{"a":[0,]}',
        '{"a":[01]}', '{"a":[-1]}', '{"a":[1.5]}', '{"a":[1e1]}', '{"a":[0],"b":[0]}', '{"a":[0,0]}',
        '{"a":[9999,10000]}',
        '{"a":[99999999999999999999]}', '{"a" : [ 0 , 2 ] , "b" : [ 1 ] }', '\n{"a":[0]}\n', '{"a\\"b\\\\\\/":[0]}',
        '{"a\\u00e9":[0]}', '{"a\\nb":[0]}',
        '{"a\\', '{"a\\"}', '{"a":null}', '{"a":0}', '{"":[0],"b":[1]}', '{"a b":[0]}',
        '{"<p>Bold</p>":[0],"&amp;":[1]}', '{"é":[0],"😀":[1]}', '{"a":[0]"b":[1]}', '{"a":[0],b:[1]}',
    ],
)  # fmt: skip
def test_forms_of_an_index(raw: str) -> None:
    check([raw.encode(), b'{"a":[0]}'])
    check([b'{"a":[0]}', raw.encode()])


def test_a_word_that_stands_twice_has_the_places_of_both() -> None:
    twice = b'{"a":[0],"b":[1],"a":[2]}'
    assert read(twice) == "a b a"
    check([twice, b'{"a":[0],"\\u0061":[1,10000]}'])


def test_bytes_that_are_no_utf8_are_left_to_the_exact_function() -> None:
    left: list[bytes] = []
    values = [b'{"a\xff":[0]}', b'{"fine":[0]}', b'{"<b>\xff</b>":[0]}']
    assert abstracts(pa.array(values), lambda raw: left.append(raw)).to_pylist() == [None, "fine", None]
    assert left == [values[0], values[2]]


def test_a_word_at_very_many_places_makes_a_text_longer_than_its_index() -> None:
    check([json.dumps({"x" * 100: list(range(9000))}).encode(), b'{"a":[0]}'])


INDEX = '{"Slow": [0], "tides": [1, 4], "shape": [2], "deep": [3]}'


@pytest.mark.parametrize(
    "raw",
    [
        INDEX,
        f'{{"IndexLength": 5, "InvertedIndex": {INDEX}}}',
        json.dumps(INDEX),
        json.dumps(f'{{"IndexLength": 5, "InvertedIndex": {INDEX}}}'),
    ],
)
def test_an_index_may_be_wrapped_or_be_a_json_text(raw: str) -> None:
    assert read(raw.encode()) == "Slow tides shape deep tides"
    check([raw.encode(), b'{"a":[0]}'])


@pytest.mark.parametrize(
    "raw", ['"no JSON"', "[1]", "5", '{"length": 5}', '{"words": {"a": [0]}, "length": 5}', '"[1]"']
)
def test_what_is_no_index_is_an_error_and_no_abstract(raw: str) -> None:
    with pytest.raises(ValueError, match=r"no index|Expecting"):
        read(raw.encode())
    check([raw.encode(), b'{"a":[0]}'])


def test_a_word_of_the_wrapper_s_name_is_a_word() -> None:
    assert read(b'{"InvertedIndex":[0],"files":[1]}') == "InvertedIndex files"
