"""What sync-works sends and removes, and when it fails."""

import pytest

from dmpworks.chains.process_works.documents import document, work_record
from dmpworks.errors import JobError, SyncError
from dmpworks.matching.fields import FIELDS
from dmpworks.matching.records import Author, Relations, Source
from dmpworks.services.search.embedded import EmbeddedEngine
from tests.chains.process_works.world import Engine, datacite

RUN = "2026-10-01"
ROW = {
    "doi": "10.1/a",
    "hash": "0" * 32,
    "title": "A title",
    "abstract_text": None,
    "work_type": "DATASET",
    "publication_date": None,
    "updated_date": None,
    "publication_venue": None,
    "authors": [dict.fromkeys(Author.__struct_fields__) | {"full": "Ann Author", "orcid": "0000-0001-0000-000x"}],
    "institutions": [{"name": "A University", "ror": "02mgtg880"}],
    "funders": [],
    "awards": [{"award_id": "A-1", "funder_name": None, "funder_ror": None}],
    "relations": {
        "intra_work_dois": [{"doi": "10.1/b"}],
        "possible_shared_project_dois": [],
        "dataset_citation_dois": [{"doi": "10.1/c"}, {"doi": "10.1/d"}],
    },
    "source": {"name": "DataCite", "url": "https://commons.datacite.org/doi.org/10.1/a"},
}


def test_a_row_becomes_a_record_and_a_document():
    record = work_record(ROW)
    assert record.authors == (Author(full="Ann Author", orcid="0000-0001-0000-000x"),)
    assert record.relations == Relations(intra_work_dois=("10.1/b",), dataset_citation_dois=("10.1/c", "10.1/d"))
    assert record.source == Source("DataCite", "https://commons.datacite.org/doi.org/10.1/a")
    made = document(record)
    assert (made.id, made.work_type, made.published) == ("10.1/a", "DATASET", None)
    assert made.fields["orcid"] == ["0000-0001-0000-000x"]
    assert made.source is record


def test_the_embedded_engine_holds_the_works_after_a_sync(world):
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    world.transform()
    manifest = world.sync()
    assert manifest.counts.read == manifest.counts.written == 2
    assert manifest.files and all("/states/" in file.key for file in manifest.files)
    engine = EmbeddedEngine(world.bucket.local_folder("search"), FIELDS)
    assert list(engine.ids("works")) == ["10.1/a", "10.1/b"]
    assert b'"title":"Title of 10.1/a"' in engine.fetch("works", ["10.1/a"])["10.1/a"]


def test_every_refused_document_is_counted_and_the_first_are_shown(synced):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite(f"10.1/{number}") for number in range(9)])
    world.transform(RUN)
    engine.refuses = tuple(f"10.1/{number}" for number in range(7))
    with pytest.raises(SyncError) as caught:
        world.sync_with(engine, RUN)
    error = caught.value
    assert error.what.startswith("7 of 11 documents were refused")
    assert error.on.count("10.1/") == 3 and error.on.endswith(", and 4 more: mapper_parsing_exception")
    assert "--start-job sync-works" in error.next
    assert set(engine.documents) == {"10.1/7", "10.1/8"}  # the rest was done: sent, and the two that are gone removed


def test_an_index_that_was_lost_is_noticed_and_filled_again_on_request(synced):
    world, lost = synced.world, Engine()
    world.transform("2026-11-01")
    with pytest.raises(SyncError, match="0 documents, but 2 DOIs are live") as caught:
        world.sync_with(lost, "2026-11-01")
    assert caught.value.next.endswith("--sqlmesh-transform.export-all")
    again = world.transform("2026-11-01", export_all=True)
    assert set(world.works(again)) == {"10.1/a", "10.1/b"}
    world.sync_with(lost, "2026-11-01")
    assert set(lost.documents) == {"10.1/a", "10.1/b"}


def test_documents_that_no_state_knows_are_noticed(synced):
    synced.engine.documents["10.1/stray"] = None
    with pytest.raises(SyncError, match="3 documents, but 2 DOIs are live") as caught:
        synced.world.sync_with(synced.engine, RUN)
    assert caught.value.next.startswith("delete the index works")


def test_an_export_without_manifest_is_refused(world):
    world.bucket.put("process-works/2026-10-01/sqlmesh-transform/by-hand.parquet", b"")
    with pytest.raises(JobError, match="no manifest"):
        world.sync_with(Engine())
