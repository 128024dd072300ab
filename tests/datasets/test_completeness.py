"""A field that is empty in a whole release fails the transform: a newer layout must never lose it silently."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pyarrow as pa
import pytest

from dmpworks.chains.crossref_metadata.reading import DATASET as CROSSREF
from dmpworks.chains.data_citation_corpus.reading import DATASET as CORPUS
from dmpworks.chains.datacite.reading import DATASET as DATACITE
from dmpworks.chains.openalex_works.reading import DATASET as OPENALEX
from dmpworks.chains.ror.reading import DATASET as ROR
from dmpworks.datasets.columns.arrow import batch
from dmpworks.datasets.transform.completeness import MIN_ROWS, count_values
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.datasets.transform.run_parts import transform_parts
from dmpworks.errors import TransformError
from dmpworks.jobs.manifest import File
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.sample import DATASET

MakeRun = Callable[..., Run]
THINGS = replace(DATASET, normally_filled=("title", "tags", "places.id"), layout="https://example.org/things")
PLACE = [{"name": "Springfield", "ror": "021nxhr62"}]


def part(bucket: Bucket, name: str, records: Iterator[dict[str, object]]) -> Part:
    key = f"things/2026-10-01/download/{name}.gz"
    content = gzip.compress(b"".join(json.dumps(record).encode() + b"\n" for record in records))
    bucket.put(key, content)
    return Part(File(key, len(content)))


def things(number: int, **fields: object) -> Iterator[dict[str, object]]:
    return ({"doi": f"10.1/{place}", "title": "A", "tags": ["b"]} | fields for place in range(number))


def transformed(run: Run, *parts: Part, use_subset: bool = False) -> Counts:
    counts = transform_parts(run, THINGS, parts, workers=1, use_subset=use_subset, max_bad_records=0.0)
    assert isinstance(counts, Counts)
    return counts


def test_a_renamed_key_fails_the_release_with_the_fields_and_the_layout(bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "things", "transform")
    renamed = part(bucket, "a", ({"doi": thing["doi"], "name": "A", "tags": ["b"]} for thing in things(MIN_ROWS)))
    with pytest.raises(TransformError) as caught:
        transformed(run, renamed)
    assert caught.value.what == "fields that are normally filled are empty in every record: title, places.id"
    assert caught.value.on == "things 2026-10-01: 10,000 rows"
    assert caught.value.next == (
        "compare a record with https://example.org/things: if its keys were renamed, dmpworks needs a newer version"
    )
    assert run.outputs == []


def test_one_value_in_any_part_is_enough(bucket: Bucket, make_run: MakeRun) -> None:
    parts = (part(bucket, "a", things(MIN_ROWS)), part(bucket, "b", things(1, places=PLACE)))
    assert transformed(make_run(bucket, "things", "transform"), *parts).written == MIN_ROWS + 1


def test_a_key_of_a_nested_object_that_was_renamed_is_found(bucket: Bucket, make_run: MakeRun) -> None:
    place = [{"name": "Springfield", "ror_id": "021nxhr62"}]
    with pytest.raises(TransformError, match=r"empty in every record: places\.id"):
        transformed(make_run(bucket, "things", "transform"), part(bucket, "a", things(MIN_ROWS, places=place)))


def test_a_few_records_or_a_subset_may_lack_a_field(bucket: Bucket, make_run: MakeRun) -> None:
    few = part(bucket, "a", things(MIN_ROWS - 1))
    assert transformed(make_run(bucket, "things", "transform"), few).written == MIN_ROWS - 1
    bucket.put("meta/work_dois.json", json.dumps([f"10.1/{place}" for place in range(MIN_ROWS)]).encode())
    bucket.put("meta/institutions.json", b"[]")
    selected = part(bucket, "b", things(MIN_ROWS))
    assert transformed(make_run(bucket, "things", "transform"), selected, use_subset=True).written == MIN_ROWS


@pytest.mark.parametrize(
    "dataset", [OPENALEX, CROSSREF, DATACITE, ROR], ids=["openalex", "crossref", "datacite", "ror"]
)
def test_every_dataset_names_fields_of_its_rows(dataset: Dataset) -> None:
    none = dict.fromkeys(dataset.normally_filled, 0)
    assert none
    assert count_values(batch(dataset.schema, []), dataset.normally_filled) == none
    assert dataset.layout.startswith("https://")


def test_the_corpus_requires_both_of_its_fields_in_every_row() -> None:
    assert CORPUS.normally_filled == ()


def test_values_are_counted_by_column_and_leaf() -> None:
    place = pa.struct([("name", pa.string()), ("id", pa.string())])
    rows = pa.RecordBatch.from_pydict(
        {
            "title": pa.array(["a", None, "b"]),
            "places": pa.array([[{"name": "x", "id": None}], [], [{"name": "y", "id": "1"}]], pa.list_(place)),
        }
    )
    paths = ("title", "places", "places.id")
    assert count_values(rows, paths) == {"title": 2, "places": 2, "places.id": 1}
    assert count_values(rows.slice(1), paths) == {"title": 1, "places": 1, "places.id": 1}


def test_the_layout_of_openalex_before_2026_is_not_read_without_its_awards(bucket: Bucket, make_run: MakeRun) -> None:
    """Until November 2025 the key `awards` was `grants`, with other keys inside."""
    work = {
        "title": "A",
        "grants": [{"funder": "https://openalex.org/F1", "award_id": "1"}],
        "authorships": [{"author": {"display_name": "Jane Roe"}}],
    }
    key = "openalex-works/2026-10-01/download/part_0000.gz"
    lines = (json.dumps({"doi": f"https://doi.org/10.1/{place}"} | work).encode() for place in range(MIN_ROWS))
    bucket.put(key, gzip.compress(b"\n".join(lines)))
    with pytest.raises(TransformError, match=r"empty in every record: .*awards") as caught:
        transform_parts(
            make_run(bucket, "openalex-works", "transform"),
            OPENALEX,
            [Part(File(key, bucket.size(key)))],
            workers=1,
            use_subset=False,
            max_bad_records=0.0,
        )
    assert "https://docs.openalex.org/api-entities/works/work-object" in caught.value.next
    assert "authors.surname" not in caught.value.what
