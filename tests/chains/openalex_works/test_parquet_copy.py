from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmpworks.errors import TransformError
from tests.chains.openalex_works.made import Transformed


def works(path: Path, include_xpac: bool = True) -> Transformed:
    return Transformed(path, "download/part_0000.parquet", include_xpac)


def real(data: Path) -> pa.Table:
    return pq.read_table(data / "real" / "openalex-works.parquet")


def test_batches_and_row_groups_do_not_shift_the_nested_columns(data: Path, tmp_path: Path) -> None:
    many = pa.concat_tables([real(data)] * 300)
    pq.write_table(many, tmp_path / "many.parquet", row_group_size=3_001)
    once, repeated = works(data / "real" / "openalex-works.parquet").rows, works(tmp_path / "many.parquet").rows
    assert len(repeated) == 34 * 300
    assert all(repeated[place] == once[place % 34] for place in range(len(repeated)))


def test_a_column_that_is_gone_is_told_instead_of_read_as_null(data: Path, tmp_path: Path) -> None:
    pq.write_table(real(data).drop_columns(["awards"]), tmp_path / "a.parquet")
    with pytest.raises(TransformError, match=r"awards\.list\.element\.funder_award_id") as caught:
        works(tmp_path / "a.parquet")
    assert caught.value.what == "a file does not have the expected layout"


def test_a_missing_flag_of_the_expansion_pack_counts_as_none(data: Path, tmp_path: Path) -> None:
    pq.write_table(real(data).drop_columns(["is_xpac"]), tmp_path / "a.parquet")
    assert len(works(tmp_path / "a.parquet", include_xpac=False).rows) == 34


def test_an_abstract_cut_short_is_left_out_and_counted(data: Path, tmp_path: Path) -> None:
    table = real(data)
    place = table.schema.get_field_index("abstract_inverted_index")
    cut = pa.array([text and text[:-3] for text in table.column(place).to_pylist()], pa.string())
    pq.write_table(table.set_column(place, "abstract_inverted_index", cut), tmp_path / "a.parquet")
    made = works(tmp_path / "a.parquet")
    assert len(made.rows) == 34
    assert all(one.abstract_text is None for one in made.rows)
    assert made.notes == {"abstracts not read": 33, "ORCIDs not understood": 3}


def test_nulls_at_each_level(data: Path, tmp_path: Path) -> None:
    table = real(data)
    rows = table.slice(0, 3).to_pylist()
    rows[0] |= {"authorships": None, "ids": None, "funders": None, "primary_location": None, "awards": None}
    rows[1]["authorships"] = [None, {"author": None, "institutions": None}, {"institutions": [None]}]
    rows[1]["primary_location"]["source"] = None
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), tmp_path / "a.parquet")
    assert [len(one.authors) for one in works(tmp_path / "a.parquet").rows] == [0, 0, 3]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all" * 100])
def test_a_file_that_is_no_parquet_fails(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(TransformError, match=r"on: a\.parquet: "):
        works(tmp_path / "a.parquet")


def test_a_parquet_file_cut_short_fails(data: Path, tmp_path: Path) -> None:
    content = (data / "real" / "openalex-works.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[: len(content) // 2])
    with pytest.raises(TransformError, match="a file is damaged"):
        works(tmp_path / "a.parquet")


def test_days_that_no_calendar_reaches_are_counted_as_not_parsed(data: Path, tmp_path: Path) -> None:
    table = real(data).slice(0, 2)
    for column, kind in (("publication_date", pa.date32()), ("updated_date", pa.timestamp("us"))):
        place = table.schema.get_field_index(column)
        table = table.set_column(place, column, pa.array([2**30 * 2**29 if kind.bit_width == 64 else 2**30, 0], kind))
    pq.write_table(table, tmp_path / "a.parquet")
    made = works(tmp_path / "a.parquet")
    assert [(one.publication_date, one.updated_date) for one in made.rows] == [
        (None, None),
        (date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)),
    ]
    noted = {"publication dates not parsed": 1, "updated dates not parsed": 1, "ORCIDs not understood": 1}
    assert made.notes == noted


def test_bad_utf8_in_a_text_never_crashes(data: Path, tmp_path: Path) -> None:
    table = real(data).slice(0, 1)
    place = table.schema.get_field_index("title")
    title = pa.array([b"a\xffb"]).view(pa.string())
    pq.write_table(table.set_column(place, "title", title), tmp_path / "a.parquet")
    assert [one.title for one in works(tmp_path / "a.parquet").rows] == ["a\ufffdb"]
