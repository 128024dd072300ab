"""The audits that stop a run: a message of three lines, and no complete output is touched."""

import pytest

from dmpworks.errors import AuditError
from tests.chains.process_works.world import author, datacite, openalex, party


def fails(world, **settings) -> AuditError:
    with pytest.raises(AuditError) as caught:
        world.transform(**settings)
    assert not world.manifest_exists("sqlmesh-transform")
    assert [item for item in world.bucket.list("process-works") if "/export/" in item.key] == []
    return caught.value


def test_a_source_with_too_few_rows_stops_the_run(world):
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    error = fails(world, min_rows_datacite=3, min_rows_ror=1)
    assert "rows_at_least" in error.what and "2026-10-01" in error.what
    assert "rows_at_least on sources.datacite: rows 2, minimum 3" in error.on
    assert "rows_at_least on sources.ror: rows 0, minimum 1" in error.on
    assert "MIN_" in error.next and "sqlmesh-transform" in error.next
    assert len(str(error).splitlines()) == 3


def test_empty_texts_and_too_many_nested_objects_stop_the_run(world):
    crowd = [author(f"Author {number}") for number in range(6)]
    world.write("datacite", [datacite("10.1/a", title=""), datacite("10.1/b", institutions=[party("")])])
    world.write("openalex-works", [openalex("10.1/c", authors=crowd), openalex("10.1/d", "w2", authors=crowd[:5])])
    error = fails(world, max_nested_objects=5)
    assert "no_empty_strings on works.hashes: doi 10.1/a; doi 10.1/b" in error.on
    assert "nested_objects_at_most on works.hashes: doi 10.1/c, nested_objects 6" in error.on


def test_a_new_work_type_only_warns(world, capfd):
    world.write("openalex-works", [openalex("10.1/a", work_type="holo-gram")])
    works = world.works(world.transform())
    assert works["10.1/a"]["work_type"] == "HOLO_GRAM"
    assert "warning: known_work_types on works.hashes: work_type HOLO_GRAM, works 1" in capfd.readouterr().err


def test_inputs_without_any_row_make_an_empty_index_when_that_is_allowed(world):
    manifest = world.transform()
    assert manifest.counts.read == 0
    assert world.rows(manifest, "export") == [] and world.rows(manifest, "states") == []
