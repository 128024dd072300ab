from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import (
    ROW_GROUP,
    Award,
    PartWriter,
    Party,
    Relation,
    batch,
    nested,
    offsets_of,
    schema_of,
)
from tests.datasets.sample import SCHEMA, Row


class Nested(NamedTuple):
    authors: list[Person]
    funders: list[Party]
    awards: list[Award]
    relations: list[Relation]


NESTED = schema_of(Nested)


def test_rows_become_nested_columns() -> None:
    rows = [
        ([Person(surname="Smith", full="J. Smith"), Person(full="X")], [Party("A", "ror", "0a")], [], []),
        ([], [], [Award("1", "F", "fundref", "100000001"), Award("2")], [Relation("IsPartOf", "10.1/a")]),
        ([Person(surname="Ng")], [Party(None, "grid", "grid.1.2"), Party("B")], [], []),
    ]
    made = batch(NESTED, rows).to_pylist()
    assert [author["surname"] for author in made[0]["authors"]] == ["Smith", None]
    assert made[0]["authors"][0] == {**dict.fromkeys(Person.__struct_fields__), "surname": "Smith", "full": "J. Smith"}
    assert made[0]["funders"] == [{"name": "A", "id_type": "ror", "id": "0a"}]
    assert made[1]["authors"] == []
    assert made[1]["awards"][1] == {"award_id": "2", "funder_name": None, "funder_id_type": None, "funder_id": None}
    assert made[1]["relations"] == [{"relation_type": "IsPartOf", "doi": "10.1/a"}]
    assert [party["name"] for party in made[2]["funders"]] == [None, "B"]


def test_flat_leaves_become_nested_columns() -> None:
    funders = nested(
        NESTED.field("funders").type, [0, 2, 2, 3], ["A", None, "C"], pa.array(["ror", "ror", None]), "xyz"
    )
    assert funders.to_pylist() == [
        [{"name": "A", "id_type": "ror", "id": "x"}, {"name": None, "id_type": "ror", "id": "y"}],
        [],
        [{"name": "C", "id_type": None, "id": "z"}],
    ]
    assert nested(SCHEMA.field("tags").type, offsets_of([0, 2]), ["a", "b"]).to_pylist() == [[], ["a", "b"]]


def test_no_rows_give_an_empty_batch() -> None:
    assert batch(NESTED, []).num_rows == 0


def test_a_row_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError):
        batch(SCHEMA, [("10.1/a", "t", [])])


def test_parquet_is_written_in_groups_with_dictionaries_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.parquet"
    with PartWriter(path, SCHEMA, ["places.list.element.name"]) as writer:
        for start in range(0, 60_000, 4_000):
            rows = [Row(f"10.1/{i}", None, ["a", "b"], [Party("P")]) for i in range(start, start + 4_000)]
            writer.add(batch(SCHEMA, rows))
    file = pq.ParquetFile(path)
    assert writer.rows == file.metadata.num_rows == 60_000
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [ROW_GROUP, ROW_GROUP, 12_000]
    chunks = [file.metadata.row_group(0).column(i) for i in range(file.metadata.num_columns)]
    assert {chunk.compression for chunk in chunks} == {"ZSTD"}
    assert [chunk.path_in_schema for chunk in chunks if chunk.has_dictionary_page] == ["places.list.element.name"]
    assert file.schema_arrow == SCHEMA


def test_a_part_without_rows_still_has_its_columns(tmp_path: Path) -> None:
    with PartWriter(tmp_path / "a.parquet", SCHEMA) as writer:
        writer.add(batch(SCHEMA, []))
    assert pq.read_table(tmp_path / "a.parquet").schema == SCHEMA


def test_a_part_that_failed_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), PartWriter(tmp_path / "a.parquet", SCHEMA) as writer:
        writer.add(batch(SCHEMA, [Row("10.1/a", None, [], [])]))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_the_schema_follows_from_the_row():
    class Row(NamedTuple):
        doi: str
        published: date | None
        updated: datetime | None
        is_xpac: bool
        names: list[str]
        authors: list[Person]
        places: list[Party]

    places = pa.struct([("name", pa.string()), ("id_type", pa.string()), ("id", pa.string())])
    assert schema_of(Row) == pa.schema(
        [
            ("doi", pa.string()),
            ("published", pa.date32()),
            ("updated", pa.timestamp("us", tz="UTC")),
            ("is_xpac", pa.bool_()),
            ("names", pa.list_(pa.string())),
            ("authors", pa.list_(pa.struct([(name, pa.string()) for name in Person.__struct_fields__]))),
            ("places", pa.list_(places)),
        ]
    )
