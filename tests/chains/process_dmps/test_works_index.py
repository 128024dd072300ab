"""The search refuses an index that is not what the last sync left: a merge of its matches would delete links."""

from datetime import timedelta

import pytest

from dmpworks.chains.process_dmps.works_index import check_works_index
from dmpworks.errors import JobError, SyncError
from dmpworks.jobs.manifest import read_manifest
from dmpworks.jobs.run import find_phase
from dmpworks.matching.records import Work
from dmpworks.services.search import open_engine
from dmpworks.settings.shared import Search
from tests.chains.process_dmps.works import FIRST, fill_index, record_sync, record_transform

WORKS = [Work(f"10.5/{number}") for number in range(4)]
STARTED = "process-works/{}/sync-works/_started.json"


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=pytest.mark.server("opensearch"))])
def search(request, tmp_path):
    """The settings of each engine in turn, with an index of its own."""
    if request.param == "embedded":
        return Search(search_engine="embedded")
    url = request.getfixturevalue("opensearch_url")
    index = f"works-{tmp_path.name.lower()}"
    return Search(search_engine="opensearch", opensearch_url=url, opensearch_works_index=index)


@pytest.fixture
def world(bucket, search):
    fill_index(bucket, search, WORKS)
    return bucket


def checked(bucket, search, make_run):
    """Check the index as the search does; return the run, for its inputs."""
    run = make_run(bucket, "process-dmps", "dmp-works-search")
    engine = open_engine(search, bucket, None)
    try:
        assert check_works_index(run, engine, search.opensearch_works_index) == len(WORKS)
    finally:
        engine.close()
    return run


def refused(bucket, search, make_run, kind=SyncError):
    with pytest.raises(kind) as error:
        checked(bucket, search, make_run)
    return error.value


def change_index(bucket, search, deletes):
    engine = open_engine(search, bucket, None)
    engine.bulk(search.opensearch_works_index, [], deletes)
    engine.refresh(search.opensearch_works_index)
    engine.close()


def note_start(bucket, run_id, started):
    bucket.put(STARTED.format(run_id), f'{{"attempt":"ab","started":"{started:%Y-%m-%dT%H:%M:%SZ}"}}'.encode())


def test_the_newest_sync_is_an_input_of_the_search(world, search, make_run):
    sync = read_manifest(world, "process-works/2026-10-01/sync-works")
    assert checked(world, search, make_run).inputs == {"process-works/*/sync-works": sync[1]}


@pytest.mark.parametrize("deleted", [4, 2, 1], ids=["empty", "half filled", "one work lost"])
def test_an_index_that_lost_works_is_refused(world, search, make_run, deleted):
    change_index(world, search, [work.doi for work in WORKS[:deleted]])
    error = refused(world, search, make_run)
    assert error.what.endswith(f"holds {4 - deleted} works, but the last sync left 4 in it")
    assert (
        "dmpworks run process-works --run-id 2026-10-01 --start-job sqlmesh-transform --sqlmesh-transform.export-all"
        in error.next
    )


def test_an_index_without_any_sync_is_refused(bucket, search, make_run):
    error = refused(bucket, search, make_run, JobError)
    assert error.what == "no run of process-works has completed the job sync-works"


@pytest.mark.parametrize("run_id", ["2026-10-01", "2026-11-01"], ids=["a repeat of the last sync", "the next month's"])
def test_a_sync_that_is_running_or_broke_off_is_refused(world, search, make_run, run_id):
    note_start(world, run_id, FIRST + timedelta(days=30))
    error = refused(world, search, make_run)
    assert error.what == "the works index may be incomplete: a sync of it is running, or was interrupted"
    assert f"--run-id {run_id} --start-job sync-works" in error.next
    record_transform(world, len(WORKS), run_id)
    record_sync(world, run_id, FIRST + timedelta(days=30, hours=1))  # and now it has ended
    checked(world, search, make_run)


def test_a_damaged_note_of_a_start_is_refused(world, search, make_run):
    world.put(STARTED.format("2026-11-01"), b"")
    assert "--run-id 2026-11-01" in refused(world, search, make_run).next


def test_a_sync_that_broke_off_before_the_newest_one_began_does_not_matter(world, search, make_run):
    note_start(world, "2026-09-01", FIRST - timedelta(days=30))
    checked(world, search, make_run)


def test_works_that_were_built_again_and_not_sent_are_refused(world, search, make_run):
    record_transform(world, 5)
    error = refused(world, search, make_run)
    assert error.what == "the works were built again after they were sent to the search engine"
    assert "--start-job sync-works" in error.next


def test_the_newest_sync_follows_from_what_was_built_on_what_not_from_clocks(world, search, make_run):
    first = read_manifest(world, "process-works/2026-10-01/sync-works")
    record_transform(world, 3, "2026-11-01", **{"process-works/2026-10-01/sync-works": first[1]})
    record_sync(world, "2026-11-01", FIRST - timedelta(days=1))  # on a machine whose clock is two days late
    change_index(world, search, [WORKS[0].doi])
    run = make_run(world, "process-dmps", "dmp-works-search")
    engine = open_engine(search, world, None)
    assert check_works_index(run, engine, search.opensearch_works_index) == 3
    engine.close()
    newest = read_manifest(world, "process-works/2026-11-01/sync-works")
    assert run.inputs == {"process-works/*/sync-works": newest[1]}


def test_another_sync_makes_the_search_stale(world, search, make_run):
    ((folder, digest),) = checked(world, search, make_run).inputs.items()
    assert find_phase(world, folder).digest == digest
    record_transform(world, 4, "2026-11-01", **{"process-works/2026-10-01/sync-works": digest})
    record_sync(world, "2026-11-01", FIRST + timedelta(days=30))
    assert find_phase(world, folder).digest != digest


def test_a_damaged_manifest_of_an_earlier_month_does_not_stop_the_search(world, search, make_run):
    world.put("process-works/2026-09-01/sync-works/_manifest.json", b"")
    checked(world, search, make_run)
