"""The records of the bench are generated: the same ones by the same seed, all of them new, and like the real ones."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmarks.parquet_copy import write_parquet
from benchmarks.records import REAL, records, write_lines
from dmpworks.cleaners.text import abstract_from_index

DATASETS = ("openalex-works", "datacite", "crossref-metadata")


def real(dataset: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress((REAL / f"{dataset}.jsonl.gz").read_bytes()).splitlines()]


def shape(value: Any) -> Any:
    """What a record looks like without its texts."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items() if key != "abstract_inverted_index"}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("dataset", DATASETS)
def test_records_are_new_and_of_the_shape_of_a_real_one(dataset: str) -> None:
    made = list(records(dataset, 60))
    assert made == list(records(dataset, 60))
    assert len(set(made)) == 60
    known = real(dataset)
    shapes = [shape(record) for record in known]
    for record in map(json.loads, made):
        assert shape(record) in shapes
        assert record not in known


def test_titles_identifiers_and_words_are_new_and_agree_within_a_record() -> None:
    made = [json.loads(line) for line in records("openalex-works", 100)]
    assert len({work["id"] for work in made}) == 100
    assert len({work["doi"] for work in made}) > 90
    for work in made:
        assert work["doi"] == work["ids"]["doi"]
        assert work["title"] == work["display_name"]
        if work.get("abstract_inverted_index"):
            assert abstract_from_index(work["abstract_inverted_index"])
    funders = {funder["id"] for work in made for funder in work["funders"]}
    assert all(award["funder_id"] in funders for work in made for award in work["awards"])
    institutions = Counter(
        one["ror"] for work in made for author in work["authorships"] for one in author["institutions"]
    )
    assert max(institutions.values()) > 1  # organisations come again


def test_both_copies_hold_the_same_works(tmp_path: Path) -> None:
    lines = list(records("openalex-works", 20))
    assert write_lines(tmp_path / "a.gz", lines) == sum(len(line.encode()) + 1 for line in lines)
    write_parquet(tmp_path / "a.parquet", lines)
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.equals(pq.read_schema(REAL / "openalex-works.parquet"))
    assert table["id"].to_pylist() == [json.loads(line)["id"] for line in lines]
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1
