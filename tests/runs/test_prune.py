"""`runs prune` removes the output of old runs, and never what something else still needs."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dmpworks.catalog import CHAINS, chain_named
from dmpworks.cli import main
from dmpworks.errors import JobError
from dmpworks.jobs.manifest import MANIFEST, STARTED, File, Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.outputs import outputs_of
from dmpworks.runs.prune import Pruning
from dmpworks.services.storage import Bucket, open_bucket
from tests.runs.sample import SMALL, Story

MONTHS = [f"2026-{month:02}-01" for month in range(1, 7)]
TRANSFORM, SYNC = "sqlmesh-transform", "sync-works"


@pytest.fixture(params=["folder", "s3"])
def bucket(request, tmp_path) -> Bucket:
    if request.param == "s3":
        return open_bucket(request.getfixturevalue("s3_bucket"), "us-east-1")
    folder = tmp_path / "bucket"
    folder.mkdir()
    return open_bucket(f"{folder}/")


def write(bucket, chain, run_id, job, *, own=("file",), others=(), inputs=(), ended=None):
    """Write the output of a job: `own` files below the run's folder of the job, `others` that it took over."""
    folder = phase_folder(chain, run_id, job)
    keys = [name if "/" in name else f"{folder}/{name}" for name in own]
    for key in keys:
        bucket.put(key, b"x" * 100)
    at = ended or datetime.fromisoformat(f"{run_id}T12:00:00+00:00")
    digests = {each: pair[1] for each in inputs if (pair := read_manifest(bucket, each))}
    manifest = Manifest(
        chain=chain,
        job=job,
        run_id=run_id,
        attempt="a",
        version="0",
        started=at - timedelta(hours=1),
        ended=at,
        settings="s",
        inputs=digests,
        counts=Counts(),
        files=tuple(File(key, 100) for key in [*keys, *others]),
    )
    bucket.put(f"{folder}/{MANIFEST}", msgspec.json.encode(manifest))
    return folder


def six_months(bucket, chain="ror", months=MONTHS):
    for month in months:
        download = write(bucket, chain, month, "download")
        write(bucket, chain, month, "transform", inputs=[download])


def prune(bucket, *options):
    main(["runs", "prune", "--bucket-name", bucket.name, *options])


def left(bucket, chain="ror"):
    """Return which phases still have a manifest."""
    found = [key.split("/") for key, _ in bucket.list(chain) if key.endswith(f"/{MANIFEST}")]
    return {f"{run_id} {job}" for _, run_id, job, _ in found}


def kept_by(bucket, **options):
    phases = Pruning(bucket, CHAINS, keep=1, **options).phases
    return {f"{phase.run} {phase.job}": phase.needed for phase in phases}


def test_it_shows_first_and_removes_only_when_told(bucket, capsys):
    six_months(bucket)
    before = bucket.list("")
    prune(bucket, "--keep", "4")
    said = capsys.readouterr().out
    assert bucket.list("") == before
    assert "would be removed: 4 of 4 phases, 1.9 KiB. Nothing was removed." in said
    assert "next: dmpworks runs prune --keep 4 --yes" in said
    prune(bucket, "--keep", "4", "--yes")
    assert "removed: 4 of 4 phases" in capsys.readouterr().out
    assert left(bucket) == {f"{month} {job}" for month in MONTHS[2:] for job in ("download", "transform")}
    assert bucket.list("ror/2026-01-01") == bucket.list("ror/2026-02-01") == []


def test_only_runs_before_a_day(bucket):
    six_months(bucket)
    prune(bucket, "--keep", "1", "--before", "2026-03-01", "--yes")
    assert {name.split()[0] for name in left(bucket)} == set(MONTHS[2:])


def test_runs_are_old_by_when_they_ended_and_not_by_name(bucket):
    write(bucket, "ror", "a-first", "download", ended=datetime(2026, 5, 1, tzinfo=UTC))
    write(bucket, "ror", "z-last", "download", ended=datetime(2026, 1, 1, tzinfo=UTC))
    prune(bucket, "--keep", "1", "--yes")
    assert left(bucket) == {"a-first download"}


def test_the_sizes_are_those_of_what_goes(bucket, capsys):
    six_months(bucket)
    prune(bucket, "--keep", "5", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert not answer["removed"]
    sizes = dict(bucket.list("ror/2026-01-01"))
    assert sum(phase["bytes"] for phase in answer["phases"]) == sum(sizes.values())


def test_the_newest_complete_run_stays_however_many_broken_ones_follow(bucket):
    six_months(bucket, months=MONTHS[:2])
    for month in MONTHS[2:]:
        write(bucket, "ror", month, "download")
    prune(bucket, "--keep", "2", "--yes")
    assert left(bucket) == {"2026-02-01 download", "2026-02-01 transform", "2026-05-01 download", "2026-06-01 download"}


def test_what_a_newer_run_has_read_stays(bucket):
    six_months(bucket)
    read = "ror/2026-02-01/transform"
    for month in MONTHS[4:]:
        write(bucket, "process-works", month, TRANSFORM, inputs=[read])
        write(bucket, "process-works", month, SYNC)
    prune(bucket, "--keep", "1", "--yes")
    assert left(bucket) == {"2026-02-01 transform", "2026-06-01 download", "2026-06-01 transform"}


def test_a_download_whose_files_a_later_run_took_over_stays_whole(bucket):
    write(bucket, "openalex-works", MONTHS[0], "download", own=("part-1", "part-2"))
    write(bucket, "openalex-works", MONTHS[0], "transform")
    taken = "openalex-works/2026-01-01/download/part-1"
    write(bucket, "openalex-works", MONTHS[1], "download", own=("part-3",), others=[taken])
    write(bucket, "openalex-works", MONTHS[1], "transform")
    prune(bucket, "--keep", "1", "--yes")
    assert left(bucket, "openalex-works") == {
        "2026-01-01 download",
        "2026-02-01 download",
        "2026-02-01 transform",
    }
    assert bucket.exists("openalex-works/2026-01-01/download/part-2")
    assert read_manifest(bucket, "openalex-works/2026-02-01/download")


def test_states_that_a_newer_sync_lists_stay_and_the_export_goes(bucket):
    old, new = ("process-works/2026-01-01", "process-works/2026-02-01")
    state, export = f"{old}/states/changes-a.parquet", f"{old}/export/works.parquet"
    write(bucket, "process-works", MONTHS[0], TRANSFORM, own=(state, export))
    write(bucket, "process-works", MONTHS[0], SYNC, own=(), others=[state])
    own_state = f"{new}/states/changes-b.parquet"
    write(bucket, "process-works", MONTHS[1], TRANSFORM, own=(own_state,), others=[state])
    write(bucket, "process-works", MONTHS[1], SYNC, own=(), others=[state, own_state])
    prune(bucket, "--keep", "1", "--yes")
    assert [key for key, _ in bucket.list(old)] == [state]
    assert left(bucket, "process-works") == {f"2026-02-01 {TRANSFORM}", f"2026-02-01 {SYNC}"}


def test_the_run_that_the_index_was_last_synced_from_stays(bucket):
    write(bucket, "process-works", MONTHS[0], TRANSFORM)
    write(bucket, "process-works", MONTHS[0], SYNC)
    for month in MONTHS[1:]:
        write(bucket, "process-works", month, TRANSFORM)
    prune(bucket, "--keep", "1", "--yes")
    assert f"2026-01-01 {TRANSFORM}" in left(bucket, "process-works")
    assert f"2026-01-01 {SYNC}" in left(bucket, "process-works")


def test_changes_that_no_sync_has_applied_stay(bucket):
    changes = "process-works/2026-01-01/states/changes-a.parquet"
    write(bucket, "process-works", MONTHS[0], TRANSFORM, own=(changes,))
    for month in MONTHS[1:3]:
        write(bucket, "process-works", month, TRANSFORM, own=())
        write(bucket, "process-works", month, SYNC, own=())
    prune(bucket, "--keep", "1", "--yes")
    assert f"2026-01-01 {TRANSFORM}" in left(bucket, "process-works")
    assert bucket.exists(changes)


def test_what_people_uploaded_and_the_ledger_stay(bucket):
    bucket.put("dmps/2026-01-01/download/plans.jsonl", b"{}")
    bucket.put("ror/2025-01-01/download/by-hand.zip", b"zip")
    six_months(bucket)
    Story(bucket, RunName("ror", MONTHS[0])).plan({"download": SMALL}).run_job("download", 1, 1)
    ledger = bucket.list("runs")
    prune(bucket, "--keep", "1", "--yes")
    assert bucket.exists("dmps/2026-01-01/download/plans.jsonl")
    assert bucket.exists("ror/2025-01-01/download/by-hand.zip")
    assert set(ledger) <= set(bucket.list("runs"))


def test_a_run_that_is_under_way_and_what_it_will_read_stay(bucket):
    six_months(bucket)
    settings = {"ROR_RUN_ID": MONTHS[1], "PROCESS_WORKS_RUN_ID": MONTHS[5]}
    Story(bucket, RunName("process-works", MONTHS[5])).plan({TRANSFORM: SMALL}, settings=settings).start(TRANSFORM)
    bucket.put(f"ror/{MONTHS[2]}/transform/{STARTED}", b"{}")
    needed = kept_by(bucket)
    assert needed["ror/2026-02-01 transform"] == "process-works/2026-06-01 reads it"
    assert needed["ror/2026-03-01 download"] == "a job of it began and has not ended"
    assert needed["ror/2026-01-01 transform"] is None


def test_nothing_goes_while_somebody_runs_a_chain(bucket, capsys):
    six_months(bucket)
    before = left(bucket)
    with hold(bucket, "ror", "dmpworks batch-submit ror"), pytest.raises(SystemExit) as caught:
        prune(bucket, "--keep", "1", "--yes")
    assert caught.value.code == 2
    assert "is running on ror" in capsys.readouterr().err
    assert left(bucket) == before


def test_nothing_goes_while_a_manifest_is_damaged_for_what_it_lists_is_not_known(bucket):
    six_months(bucket)
    bucket.put(f"ror/{MONTHS[5]}/transform/{MANIFEST}", b"{")
    with pytest.raises(JobError):
        kept_by(bucket)


def test_a_removal_that_was_interrupted_is_completed_by_the_next(bucket, monkeypatch):
    six_months(bucket)
    delete = Bucket.delete

    def fail_at_a_manifest(self, keys):
        keys = list(keys)
        if any(key.endswith(MANIFEST) for key in keys):
            raise KeyboardInterrupt
        delete(self, keys)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Bucket, "delete", fail_at_a_manifest)
        Pruning(bucket, [chain_named("ror")], keep=1).remove(datetime.now(UTC))
    assert "2026-01-01 download" in left(bucket)  # without it, what is left would pass for uploaded files
    Pruning(bucket, [chain_named("ror")], keep=1).remove(datetime.now(UTC))
    assert left(bucket) == {"2026-06-01 download", "2026-06-01 transform"}


def test_what_was_removed_on_purpose_is_not_reported_as_lost(bucket):
    six_months(bucket)
    prune(bucket, "--keep", "5", "--yes")
    assert outputs_of(bucket, RunName("ror", MONTHS[0])).pruned == ("download", "transform")


def test_a_wrong_day(bucket, capsys):
    with pytest.raises(SystemExit) as caught:
        prune(bucket, "--before", "October")
    assert caught.value.code == 2
    assert "there is no day October\n  on:   --before" in capsys.readouterr().err


def test_a_bucket_without_old_runs(bucket, capsys):
    six_months(bucket, months=MONTHS[:1])
    prune(bucket)
    assert capsys.readouterr().out == "no run is old: nothing to remove\n"
