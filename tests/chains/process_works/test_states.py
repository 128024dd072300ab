"""Only what changed is exported: states are compared with those of the last completed sync."""

import pytest

from dmpworks.errors import SyncError
from tests.chains.process_works.world import datacite

NOVEMBER, DECEMBER = "2026-11-01", "2026-12-01"


def test_a_run_with_nothing_changed_exports_nothing(synced):
    world = synced.world
    second = world.transform(NOVEMBER)
    assert set(synced.first) == {"10.1/a", "10.1/b"}
    assert world.rows(second, "export") == []
    assert second.counts.read == 2 and second.counts.written == 0 and second.counts.dropped == {"unchanged": 2}
    assert {row["hash"] for row in world.rows(second, "states")} == {row["hash"] for row in synced.first.values()}


def test_a_run_transformed_again_is_compared_with_the_states_it_was_synced_to(synced):
    world = synced.world
    before = [item.key for item in world.bucket.list("process-works/2026-10-01/states")]
    again = world.transform("2026-10-01")
    assert world.changes(again) == {}
    assert before and all(world.bucket.exists(key) for key in before)  # clean-up leaves them


def test_changed_deleted_and_returned_works(synced):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a", title="Changed"), datacite("10.1/c")])
    second = world.transform(NOVEMBER)
    assert world.changes(second) == {"10.1/a": "UPSERT", "10.1/b": "DELETE", "10.1/c": "UPSERT"}
    assert set(world.works(second)) == {"10.1/a", "10.1/c"}
    assert world.sync_with(engine, NOVEMBER).counts.also == {"upserted": 2, "removed": 1}
    assert set(engine.documents) == {"10.1/a", "10.1/c"}

    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    third = world.transform(DECEMBER, max_doi_states=2)
    world.sync_with(engine, DECEMBER)
    assert world.changes(third) == {"10.1/a": "UPSERT", "10.1/b": "UPSERT", "10.1/c": "DELETE"}
    assert set(engine.documents) == {"10.1/a", "10.1/b"}

    states = [row for row in world.rows(third, "states") if row["doi"] == "10.1/a"]
    assert len(states) == 2  # of three: the oldest went
    newest = max(states, key=lambda row: row["updated_date"])
    assert newest["hash"] == synced.first["10.1/a"]["hash"] == world.works(third)["10.1/a"]["hash"]


def test_a_failed_sync_loses_nothing(synced):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a", title="Changed"), datacite("10.1/b")])
    world.transform(NOVEMBER)
    engine.refuses = ("10.1/a",)
    with pytest.raises(SyncError):
        world.sync_with(engine, NOVEMBER)
    assert not world.manifest_exists("sync-works", NOVEMBER)
    engine.refuses = ()
    second = world.transform(DECEMBER)
    assert set(world.works(second)) == {"10.1/a"}
    world.sync_with(engine, DECEMBER)
    assert engine.documents["10.1/a"].source.title == "Changed"


def test_what_a_broken_sync_got_through_is_made_up_for(synced):
    """Sent in part: a new work that then is gone again, and a change that is then taken back."""
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a", title="For a month"), datacite("10.1/b"), datacite("10.1/passing")])
    world.transform(NOVEMBER)
    engine.breaks_before_deleting = True
    with pytest.raises(ConnectionError):
        world.sync_with(engine, NOVEMBER)
    assert set(engine.documents) == {"10.1/a", "10.1/b", "10.1/passing"}

    engine.breaks_before_deleting = False
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    world.transform(NOVEMBER)  # replaces what said that anything had been tried
    last = world.transform(DECEMBER)
    assert world.changes(last) == {"10.1/a": "UPSERT", "10.1/passing": "DELETE"}
    world.sync_with(engine, DECEMBER)
    titles = {doi: document.source.title for doi, document in engine.documents.items()}
    assert titles == {"10.1/a": "Title of 10.1/a", "10.1/b": "Title of 10.1/b"}


def test_an_export_older_than_the_last_sync_is_refused(synced):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b"), datacite("10.1/c")])
    world.transform(NOVEMBER)
    world.transform(DECEMBER)
    world.sync_with(engine, DECEMBER)
    with pytest.raises(SyncError, match="before the sync of process-works 2026-12-01") as caught:
        world.sync_with(engine, NOVEMBER)
    assert "--start-job sqlmesh-transform" in caught.value.next
    assert set(engine.documents) == {"10.1/a", "10.1/b", "10.1/c"}


def test_an_export_older_than_one_that_may_have_been_sent_in_part_is_refused(synced):
    world, engine = synced.world, synced.engine
    world.transform(NOVEMBER)
    world.write("datacite", [datacite("10.1/a", title="Changed"), datacite("10.1/b")])
    world.transform(DECEMBER)
    engine.breaks_before_deleting = True
    with pytest.raises(ConnectionError):
        world.sync_with(engine, DECEMBER)
    engine.breaks_before_deleting = False
    with pytest.raises(SyncError, match="before that of process-works 2026-12-01, which may have been sent in part"):
        world.sync_with(engine, NOVEMBER)
    world.sync_with(engine, DECEMBER)
    assert engine.documents["10.1/a"].source.title == "Changed"


def test_a_completed_sync_may_be_repeated(synced):
    synced.world.sync_with(synced.engine, "2026-10-01")
    assert synced.engine.count("works") == 2
