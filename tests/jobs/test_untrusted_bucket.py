"""Whoever may write an object of a bucket must not make a job read, write or delete anything outside its phase."""

from pathlib import Path

import msgspec
import pytest

from dmpworks.chains.process_dmps.upload import read_upload
from dmpworks.chains.process_works.sqlmesh_project import create_inputs
from dmpworks.datasets.download.reuse import JOURNAL, ReusableFiles
from dmpworks.datasets.sources.opening import check_in_place
from dmpworks.datasets.transform.checkpoints import finished_parts, record_key
from dmpworks.errors import JobError, TransformError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, File, Origin
from dmpworks.services.storage import MEMORY, Bucket, open_bucket
from tests.jobs.sample import CHAIN

RUN_ID = "2026-10-01"
FETCH = f"letters/{RUN_ID}/fetch"
OUTSIDE = ["/proc/self/environ", "../../secret.txt", f"{FETCH}/../../../secret.txt", "dmps/2026-10-01/download/other"]


def run(bucket: Bucket, job: str, **more: str):
    environ = {"BUCKET_NAME": bucket.name, "LETTERS_RUN_ID": RUN_ID, "LETTERS_SOURCE": "abc"} | more
    return execute([CHAIN], CHAIN, CHAIN.job(job), environ)


def poison(bucket: Bucket, folder: str, *keys: str, **more) -> None:
    """List further files in a manifest, as somebody who may write this one object can."""
    stated = msgspec.json.decode(bucket.get(f"{folder}/{MANIFEST}"))
    stated["files"] += [{"key": key, "size": 3} | more for key in keys]
    bucket.put(f"{folder}/{MANIFEST}", msgspec.json.encode(stated))


@pytest.mark.parametrize("key", OUTSIDE)
def test_a_manifest_that_lists_a_file_outside_its_dataset_is_damaged(bucket, key: str) -> None:
    run(bucket, "fetch")
    poison(bucket, FETCH, key)
    with pytest.raises(JobError, match="a manifest is damaged") as caught:
        run(bucket, "count")
    assert f"{FETCH}/{MANIFEST}" in caught.value.on
    run(bucket, "fetch")  # what the message advises
    run(bucket, "count")


def test_a_manifest_cannot_name_inputs_outside_the_bucket(bucket) -> None:
    run(bucket, "fetch")
    stated = msgspec.json.decode(bucket.get(f"{FETCH}/{MANIFEST}"))
    stated["inputs"] = {"../../secret": "0"}
    bucket.put(f"{FETCH}/{MANIFEST}", msgspec.json.encode(stated))
    with pytest.raises(JobError, match="a manifest is damaged"):
        run(bucket, "count")


def test_an_upload_of_plans_cannot_bring_the_environment_into_the_bucket(tmp_path: Path, monkeypatch, make_run):
    """H3 as it was shown: one key writes a file outside scratch, the other reads /proc/self/environ by it."""
    monkeypatch.setenv("DMP_DATABASE_URL", "mysql+pymysql://u:hunter2@h/d")
    bucket, target = open_bucket(MEMORY), tmp_path / "x.jsonl" / "good.jsonl"
    folder = f"dmps/{RUN_ID}/download"
    keys = [str(target), f"{target.parent}/../../../../../../../../proc/self/environ"]
    manifest = {"chain": "dmps", "job": "download", "run_id": RUN_ID, "attempt": "0", "version": "0", "settings": ""}
    moments = {"started": "2026-10-01T00:00:00Z", "ended": "2026-10-01T00:00:00Z"}
    files = {"inputs": {}, "counts": {}, "files": [{"key": key, "size": 1} for key in keys]}
    bucket.put(f"{folder}/{MANIFEST}", msgspec.json.encode(manifest | moments | files))
    sync = make_run(bucket, "process-dmps", "sync-dmps")
    with pytest.raises(JobError, match="a manifest is damaged"):
        read_upload(sync, sync.phase("dmps", RUN_ID, "download"), 0.001)
    assert not target.exists()
    assert b"hunter2" not in b"".join(bucket.get(item.key) for item in bucket.list(""))


def test_cleaning_up_deletes_only_in_folders_that_the_job_declares(bucket) -> None:
    run(bucket, "fetch")
    run(bucket, "count")
    others = [f"letters/{RUN_ID}/by-hand/x", f"letters/{RUN_ID}/fetch/hand.zip"]
    for key in others:
        bucket.put(key, b"abc")
    poison(bucket, f"letters/{RUN_ID}/count", *others)
    run(bucket, "count", LETTERS_COUNT_LIMIT="2")
    assert all(bucket.exists(key) for key in others)


def test_a_journal_cannot_bring_files_of_other_datasets_into_a_phase(bucket, make_run) -> None:
    bucket.put("dmps/2026-10-01/download/plans", b"abc")
    download = make_run(bucket, "ror", "download")
    origin = Origin("v.zip", "https://example.org/v.zip", '"1"')
    for key in ("dmps/2026-10-01/download/plans", "../secret"):
        noted = [{"key": key, "size": 3, "origin": msgspec.to_builtins(origin)}]
        bucket.put(f"ror/{RUN_ID}/download/{JOURNAL}", msgspec.json.encode(noted))
        assert ReusableFiles(download).find("v.zip", origin.address, '"1"', None) is None


def test_a_record_of_a_part_cannot_name_files_outside_its_phase(bucket, make_run) -> None:
    transform = make_run(bucket, "ror", "transform")
    bucket.put("dmps/2026-10-01/download/plans", b"abc")
    record = record_key(transform, "part_00000", "0badcafe")
    for key in ("dmps/2026-10-01/download/plans", "/etc/passwd"):
        stated = {"files": [{"key": key, "size": 3}], "counts": {}}
        bucket.put(record, msgspec.json.encode(stated))
        assert finished_parts(transform, [record]) == {}


def test_no_dataset_reads_in_place_without_a_source_that_is_set() -> None:
    file = File("ror/r/download/a.zip", 3, origin=Origin("a.zip", "/etc/passwd", "1-3"), in_place=True)
    with pytest.raises(TransformError, match="not in the source that is set"):
        check_in_place([file], None)


def test_the_name_of_an_input_is_no_pattern_for_duckdb(tmp_path: Path, planted: Bucket) -> None:
    import duckdb
    import yaml

    from dmpworks.chains.process_works.sqlmesh_project import project

    models = yaml.safe_load((project() / "external_models.yaml").read_text())
    first = next(model for model in models if model["name"] == "inputs.ror")
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in first["columns"].items())
    names = ["x*.parquet", "x1.parquet", "x?.parquet", "x[1].parquet", "it's.parquet"]
    with duckdb.connect() as connection:
        for name in names:
            target = str(tmp_path / name).replace("'", "''")
            connection.execute(f"COPY (SELECT {columns}) TO '{target}' (FORMAT parquet)")
    inputs = {model["name"].removeprefix("inputs."): [] for model in models}
    for name in names:
        with duckdb.connect() as connection:
            create_inputs(connection, inputs | {"ror": [tmp_path / name]})
            assert connection.execute("SELECT count(*) FROM inputs.ror").fetchone() == (1,)
