"""What a run takes from the last synced one: nothing to do when nothing changed, and limits for what gets lost."""

import pytest

from dmpworks.errors import AuditError, SyncError
from tests.chains.process_works.world import datacite

OCTOBER, NOVEMBER, DECEMBER = "2026-10-01", "2026-11-01", "2026-12-01"
HALF = [datacite(f"10.1/{number}") for number in range(10)]


@pytest.fixture
def complete(synced):
    """The world after its first run, whose datasets have manifests, as their chains write them."""
    synced.world.write("datacite", HALF, [datacite("10.2/a"), datacite("10.2/b")])
    synced.world.complete_datasets()
    synced.world.transform(OCTOBER)
    synced.world.sync_with(synced.engine, OCTOBER)
    return synced


def test_a_month_with_the_same_datasets_is_complete_without_being_built(complete, capfd):
    world, engine = complete.world, complete.engine
    for run_id in (NOVEMBER, DECEMBER):
        manifest = world.transform(run_id)
        assert "nothing has changed" in capfd.readouterr().err
        assert manifest.counts.read == 12 and manifest.counts.written == 0
        assert world.works(manifest) == {} and world.sync_with(engine, run_id).counts.read == 0
    world.write("datacite", [datacite("10.1/0", title="Changed"), *HALF[1:]], [datacite("10.2/a"), datacite("10.2/b")])
    world.complete_datasets()
    assert world.changes(world.transform("2027-01-01")) == {"10.1/0": "UPSERT"}


@pytest.mark.parametrize(
    "settings", [{"max_relation_degrees": 99}, {"export_all": True}], ids=["another rule", "export all"]
)
def test_other_settings_are_built(complete, capfd, settings):
    complete.world.transform(NOVEMBER, **settings)
    assert "nothing has changed" not in capfd.readouterr().err


def test_an_unsynced_export_is_made_up_for_although_the_datasets_are_the_same(complete):
    world = complete.world
    world.write("datacite", HALF, [datacite("10.2/a", title="Changed"), datacite("10.2/b")])
    world.complete_datasets()
    world.transform(NOVEMBER)  # may have been sent in part
    world.write("datacite", HALF, [datacite("10.2/a"), datacite("10.2/b")])
    world.complete_datasets()
    assert world.changes(world.transform(DECEMBER)) == {"10.2/a": "UPSERT"}


def test_a_dataset_that_lost_rows_stops_the_run(complete):
    world = complete.world
    world.next_run("datacite", NOVEMBER, [*HALF, datacite("10.2/a")])
    with pytest.raises(AuditError, match="shrunk by more than 5%") as caught:
        world.transform(NOVEMBER)
    assert caught.value.on == "datacite/2026-11-01/transform: 11 rows, datacite/2026-10-01/transform: 12"
    assert caught.value.next.endswith("--start-job sqlmesh-transform --sqlmesh-transform.max-shrink 0.09")
    assert world.changes(world.transform(NOVEMBER, max_shrink=0.09)) == {"10.2/b": "DELETE"}


def test_a_sync_that_would_remove_much_of_the_index_stops_before_it_sends_anything(complete):
    world, engine = complete.world, complete.engine
    world.write("datacite", [datacite("10.1/0", title="Changed"), *HALF[1:]], [datacite("10.2/a")])
    world.transform(NOVEMBER)
    with pytest.raises(
        SyncError, match="1 of the 12 works in the index works would be removed, more than 5%"
    ) as caught:
        world.sync_with(engine, NOVEMBER, max_removed_share=0.05)
    assert caught.value.next.endswith("--start-job sync-works --sync-works.max-removed-share 0.09")
    assert engine.documents["10.1/0"].source.title == "Title of 10.1/0" and len(engine.documents) == 12
    world.sync_with(engine, NOVEMBER, max_removed_share=0.09)
    assert engine.documents["10.1/0"].source.title == "Changed" and len(engine.documents) == 11
