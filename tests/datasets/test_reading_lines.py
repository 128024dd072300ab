import gzip
from pathlib import Path

import pytest

from dmpworks.datasets.reading import json_lines as reading
from dmpworks.datasets.reading.json_lines import BadRecord, read_gzip_lines, read_lines
from dmpworks.errors import TransformError
from tests.datasets.sample import Place, Thing, broken_gzips, lines


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


def read(path: Path) -> tuple[list[Thing], list[BadRecord], int]:
    batches = list(read_gzip_lines(path, Thing))
    bad = [bad for batch in batches for bad in batch.bad]
    return [record for batch in batches for record in batch.records], bad, sum(batch.lenient for batch in batches)


def test_every_line_is_read_once_whatever_the_pieces(tmp_path: Path) -> None:
    content = lines(30_000)
    assert len(content) > 4 * reading.PIECE
    records, bad, _ = read(write(tmp_path / "a.gz", content))
    assert [record.doi for record in records] == [f"10.1/{i}" for i in range(30_000)]
    assert bad == []


def test_batches_stay_small(tmp_path: Path) -> None:
    sizes = [len(batch.records) for batch in read_gzip_lines(write(tmp_path / "a.gz", lines(30_000)), Thing)]
    assert max(sizes) < reading.BATCH + reading.PIECE // 40 and len(sizes) > 2


def test_a_record_larger_than_many_pieces(tmp_path: Path) -> None:
    title = "x" * (5 * reading.PIECE)
    records, _, _ = read(
        write(tmp_path / "a.gz", lines(1) + b'{"doi":"10.1/long","title":"%s"}\n' % title.encode() + lines(1, 2))
    )
    assert [record.doi for record in records] == ["10.1/0", "10.1/long", "10.1/2"]
    assert records[1].title == title


class Piece(bytes):
    """A piece of a stream that counts how many bytes it is put together with others at."""

    joined = 0

    def __radd__(self, before: bytes) -> bytes:
        Piece.joined += len(before) + len(self)
        return bytes(before) + bytes(self)


class Pieces:
    """A stream that gives out what it was made of."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter([Piece(piece) for piece in pieces])

    def read(self, size: int, /) -> bytes:
        return next(self._pieces, b"")


def test_a_line_of_many_pieces_is_put_together_once() -> None:
    pieces = [lines(1) + b'{"doi":"10.1/long","title":"', *[b"x" * 100] * 1000, b'"}\n' + lines(1, 2), lines(1, 3)]
    Piece.joined = 0
    found = [record for batch in read_lines(Pieces(pieces), Thing, "a") for record in batch.records]
    assert [record.doi for record in found] == ["10.1/0", "10.1/long", "10.1/2", "10.1/3"]
    assert found[1].title == "x" * 100_000
    assert Piece.joined <= sum(map(len, pieces))


@pytest.mark.parametrize("size", [1, 2, 7, 31, 32, 33])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n"])
def test_lines_are_the_same_wherever_pieces_end(size: int, end: bytes) -> None:
    content = b"\xef\xbb\xbf" + lines(5)[:-1] + b"\n{bad}\n" + lines(1, 5)[:-1] + end
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    (batch,) = read_lines(Pieces(pieces), Thing, "a")
    assert [record.doi for record in batch.records] == [f"10.1/{number}" for number in range(6)]
    assert [(bad.line, bad.raw) for bad in batch.bad] == [(6, b"{bad}")]


@pytest.mark.parametrize(
    "content",
    [lines(3)[:-1], lines(3).replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + lines(3), lines(2) + b"\n \n" + lines(1, 2)],
)
def test_line_ends_blank_lines_and_byte_order_marks(tmp_path: Path, content: bytes) -> None:
    records, bad, lenient = read(write(tmp_path / "a.gz", content))
    assert [record.doi for record in records] == ["10.1/0", "10.1/1", "10.1/2"]
    assert (bad, lenient) == ([], 0)


def test_several_gzip_members_and_zero_padding(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(lines(2)) + gzip.compress(lines(1, 2)) + bytes(512))
    assert len(read(path)[0]) == 3


def test_an_empty_gzip_member_holds_no_records(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.gz", b"")) == ([], [], 0)


BROKEN_LINES = {
    "cut short": b'{"doi":"10.1/x","title"',
    "trailing comma": b'{"doi":"10.1/x",}',
    "two objects": b'{"doi":"10.1/x"}{"doi":"10.1/y"}',
    "an array": b'[{"doi":"10.1/x"}]',
    "a number": b"12",
    "null": b"null",
    "bad UTF-8": b'{"doi":"10.1/x","title":"\xff\xfe"}',
    "too deep": b'{"doi":"10.1/x","other":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("name", BROKEN_LINES)
def test_a_bad_line_is_handed_out_with_its_number_and_bytes(tmp_path: Path, name: str) -> None:
    line = BROKEN_LINES[name]
    records, bad, _ = read(write(tmp_path / "a.gz", lines(20_000) + line + b"\n" + lines(5, 20_000)))
    assert len(records) == 20_005
    assert [(item.line, item.raw) for item in bad] == [(20_001, line)]
    assert bad[0].reason


LOOSE_LINES = {
    "a number as DOI": (b'{"doi":10.5,"title":"t"}', Thing("10.5", "t")),
    "an object for a list": (b'{"doi":"d","places":{"name":"n"}}', Thing("d", places=[Place("n")])),
    "a text for a list": (b'{"doi":"d","tags":"t"}', Thing("d", tags=["t"])),
    "a list for a text": (b'{"doi":["d"],"title":["t","u"]}', Thing("d", "t")),
    "an object for a text": (b'{"doi":"d","title":{"en":"t"}}', Thing("d")),
    "texts for numbers and truth values": (b'{"doi":"d","size":"12","open":"true"}', Thing("d", size=12, open=True)),
    "a list for an object": (b'{"doi":"d","places":[[{"name":"n"}],"x",null]}', Thing("d", places=[Place("n"), None])),
    "a lone surrogate": (b'{"doi":"d","title":"a\\ud800"}', Thing("d", "a\ud800")),
    "a truth value for a text or number": (b'{"doi":true,"title":true,"size":true,"open":1}', Thing(open=True)),
    "a null before the text": (b'{"doi":"d","title":[null,"t"]}', Thing("d", "t")),
    "not a number": (b'{"doi":"d","size":NaN}', Thing("d")),
}


@pytest.mark.parametrize("name", LOOSE_LINES)
def test_loosely_typed_values_are_read_leniently(tmp_path: Path, name: str) -> None:
    line, expected = LOOSE_LINES[name]
    records, bad, lenient = read(write(tmp_path / "a.gz", lines(1) + line + b"\n" + lines(1)))
    assert bad == []
    assert records[1] == expected
    assert (len(records), lenient) == (3, 1)


@pytest.mark.parametrize("name", broken_gzips(lines(50)))
def test_a_damaged_file_raises_and_names_itself(tmp_path: Path, name: str) -> None:
    path = tmp_path / "part_0003.gz"
    path.write_bytes(broken_gzips(lines(50_000))[name])
    with pytest.raises(TransformError, match=r"part_0003\.gz") as caught:
        read(path)
    assert caught.value.what == "a file is damaged"
    assert "download" in caught.value.next
