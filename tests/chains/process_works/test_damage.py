"""Files that are damaged or gone: named in one message whose advice works, and no obstacle for later months."""

import pytest

from dmpworks.chains.process_works.files import DamagedOutputError
from dmpworks.errors import DmpworksError, SyncError
from dmpworks.jobs.manifest import MANIFEST
from tests.chains.process_works.world import SYNC, TRANSFORM, Engine, datacite

OCTOBER, NOVEMBER, DECEMBER = "2026-10-01", "2026-11-01", "2026-12-01"


def truncate(path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def flip(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def remove(path) -> None:
    path.unlink()


def manifest_path(world, run_id: str, job: str):
    return world.bucket.root / "process-works" / run_id / job / MANIFEST


def titles(engine) -> dict[str, str]:
    return {doi: document.source.title for doi, document in engine.documents.items()}


@pytest.mark.parametrize(("damage", "how"), [(truncate, "bytes"), (flip, "another SHA-256"), (remove, "gone")])
def test_damaged_states_are_named_and_rebuilt_on_request(synced, damage, how):
    world, engine = synced.world, synced.engine
    (states,) = world.bucket.root.glob("process-works/2026-10-01/states/changes-*")
    damage(states)
    world.write("datacite", [datacite("10.1/a", title="Changed"), datacite("10.1/b")])
    with pytest.raises(DamagedOutputError) as caught:
        world.transform(NOVEMBER)
    assert states.name in caught.value.on and how in caught.value.on
    assert caught.value.next.endswith(
        "--run-id 2026-11-01 --start-job sqlmesh-transform --sqlmesh-transform.export-all"
    )

    world.transform(NOVEMBER, export_all=True)
    world.sync_with(engine, NOVEMBER)
    assert titles(engine) == {"10.1/a": "Changed", "10.1/b": "Title of 10.1/b"}
    assert world.changes(world.transform(DECEMBER)) == {}  # the next month knows nothing of it


@pytest.mark.parametrize("damage", [truncate, flip, remove])
def test_a_damaged_export_is_named_and_nothing_is_sent(world, damage):
    world.write("datacite", [datacite("10.1/a")])
    world.transform()
    (export,) = world.bucket.root.glob("process-works/2026-10-01/export/*")
    damage(export)
    engine = Engine()
    with pytest.raises(DamagedOutputError) as caught:
        world.sync_with(engine)
    assert export.name in caught.value.on and "--start-job sqlmesh-transform" in caught.value.next
    assert engine.documents == {}
    world.transform()
    world.sync_with(engine)
    assert set(engine.documents) == {"10.1/a"}


@pytest.mark.parametrize("content", [b"", b"{}"])
def test_a_sync_whose_manifest_is_damaged_is_sent_again(synced, content):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a", title="November"), datacite("10.1/c")])
    world.transform(NOVEMBER)
    world.sync_with(engine, NOVEMBER)
    manifest_path(world, NOVEMBER, SYNC).write_bytes(content)
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    december = world.transform(DECEMBER)
    assert world.changes(december) == {"10.1/a": "UPSERT", "10.1/b": "UPSERT", "10.1/c": "DELETE"}
    world.sync_with(engine, DECEMBER)
    assert titles(engine) == {"10.1/a": "Title of 10.1/a", "10.1/b": "Title of 10.1/b"}


def test_what_a_transform_with_a_damaged_manifest_sent_in_part_is_sent_again(synced):
    world, engine = synced.world, synced.engine
    world.write("datacite", [datacite("10.1/a", title="November"), datacite("10.1/b"), datacite("10.1/c")])
    world.transform(NOVEMBER)
    engine.breaks_before_deleting = True
    with pytest.raises(ConnectionError):
        world.sync_with(engine, NOVEMBER)
    engine.breaks_before_deleting = False
    manifest_path(world, NOVEMBER, TRANSFORM).write_bytes(b"")
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    world.transform(DECEMBER)
    with pytest.raises(SyncError, match="before that of process-works 2026-11-01"):
        world.sync_with(engine, DECEMBER)  # it cannot be told whether that export is the older one
    world.transform(NOVEMBER)  # as the message of the damaged manifest advises
    world.transform(DECEMBER)
    world.sync_with(engine, DECEMBER)
    assert titles(engine) == {"10.1/a": "Title of 10.1/a", "10.1/b": "Title of 10.1/b"}


def test_the_job_with_a_damaged_manifest_can_be_repeated(synced):
    world = synced.world
    manifest_path(world, OCTOBER, TRANSFORM).write_bytes(b"")
    manifest_path(world, OCTOBER, SYNC).write_bytes(b"")
    with pytest.raises(DmpworksError, match="manifest is damaged") as caught:
        world.sync_with(synced.engine, OCTOBER)
    assert "--start-job sqlmesh-transform" in caught.value.next
    world.transform(OCTOBER)
    world.sync_with(synced.engine, OCTOBER)
    assert set(synced.engine.documents) == {"10.1/a", "10.1/b"}


def test_a_manifest_of_another_job_is_refused(synced):
    world = synced.world
    other = manifest_path(world, OCTOBER, TRANSFORM).read_bytes()
    path = manifest_path(world, NOVEMBER, TRANSFORM)
    path.parent.mkdir(parents=True)
    path.write_bytes(other)
    with pytest.raises(DmpworksError, match="damaged") as caught:
        world.sync_with(synced.engine, NOVEMBER)
    assert "it is the manifest of process-works/2026-10-01/sqlmesh-transform" in caught.value.on
