"""A JSON array is cut into its objects, however it is written and wherever the pieces end."""

import json

import pytest

from dmpworks.datasets.reading.json_arrays import ArrayLines, elements

RECORDS = [
    {"text": 'a "quoted" } brace { and \\ a backslash'},
    {"nested": [{"deep": {"deeper": []}}, {}], "unicode": "Grüße ☃"},
    {},
    {"line": "end\nof line"},
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_objects_come_out_whole(indent: int | None, size: int) -> None:
    text = json.dumps(RECORDS, indent=indent, ensure_ascii=False).encode()
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert [json.loads(found) for found in elements(pieces)] == RECORDS


def test_lines_hold_one_object_each() -> None:
    text = b"\xef\xbb\xbf" + json.dumps(RECORDS, indent=2).encode()
    stream = ArrayLines([text])
    lines = stream.read(1).splitlines()
    assert [json.loads(line) for line in lines] == RECORDS[:1]
    assert [json.loads(line) for line in stream.read().splitlines()] == RECORDS[1:]
    assert stream.read() == b""


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    "text",
    [
        b"[null, {}]",
        b"[1]",
        b'[ "a {text}" ,\n{"a": [1, {}]},null , {},\n-1.5e3,true, [1, [2]], {}]',
        b'[{}, {}, "]"]',
        b'\xef\xbb\xbf[null, {}, "}"]',
    ],
)
def test_what_is_no_object_keeps_its_place(text: bytes, size: int) -> None:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert [json.loads(found) for found in elements(pieces)] == json.loads(text.decode("utf-8-sig"))


@pytest.mark.parametrize("text", [b"[]", b" [ ] \n"])
def test_an_empty_array_has_no_objects(text: bytes) -> None:
    assert list(elements([text])) == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[",
        b'[{"a": 1}',
        b'[{"a": 1},',
        b'[{"a": 1} {"a": 2}]',
        b'[{"a": "b',
        b'{"a": 1}',
        b"[{}]}",
        b"[{},]",
        b"[null {}]",
        b"[1{}]",
        b"[{}1,{}]",
        b"[{} null]",
        b"[{},,{}]",
        b"[nul, {}]",
        b"[{}, nul",
        b"[{}, null",
        b"[null",
        b"[null] {}",
        b"[{}] null",
        b"[[{}], {}]",
    ],
)
def test_a_broken_array_is_noticed(text: bytes) -> None:
    with pytest.raises(EOFError):
        list(elements([text]))
