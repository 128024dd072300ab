"""Runs that share files, started again in any order from a source that changes: no manifest ever lists what is gone."""

import gzip
import hashlib
import json
import random
from pathlib import Path

import boto3
import pytest

from dmpworks.catalog import chain_named
from dmpworks.errors import DownloadError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import Manifest, read_manifest
from dmpworks.runs.completeness import check_start
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.outputs import outputs_of
from dmpworks.services.storage import Bucket

CHAIN = chain_named("openalex-works")
RUNS = ["2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01"]
STEPS = 12


def publish(folder: Path, chance: random.Random) -> None:
    """Write a release of five small parts, some of which are as they were, and its manifest."""
    for number in range(5):
        part = folder / f"updated_date=2026-0{1 + number}-01/part_0000.gz"
        part.parent.mkdir(parents=True, exist_ok=True)
        if not part.exists() or chance.random() < 0.4:
            part.write_bytes(gzip.compress(b'{"id": "https://openalex.org/W%d"}\n' % chance.randrange(10**9)))
    files = [
        {
            "url": f"s3://openalex/data/jsonl/works/{part.relative_to(folder)}",
            "meta": {
                "content_length": part.stat().st_size,
                "record_count": 1,
                "md5": hashlib.md5(part.read_bytes()).hexdigest(),
            },
        }
        for part in sorted(folder.rglob("*.gz"))
    ]
    (folder / "manifest.json").write_text(json.dumps({"record_count": 5, "files": files}))


def upload(folder: Path, bucket: str) -> None:
    """Put what has changed of a release into a bucket of S3."""
    client = boto3.client("s3")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        client.put_object(Bucket=bucket, Key=f"works/{path.relative_to(folder)}", Body=path.read_bytes())


def download(bucket: Bucket, source: str, run_id: str) -> Manifest:
    """Run the download as a container does."""
    names = {"BUCKET_NAME": bucket.name, "OPENALEX_WORKS_RUN_ID": run_id, "OPENALEX_WORKS_SOURCE": source}
    made = execute([CHAIN], CHAIN, CHAIN.job("download"), names | {"AWS_REGION": "us-east-1"})
    assert isinstance(made, Manifest)
    return made


def check(bucket: Bucket) -> dict[str, set[str]]:
    """Check that every file that a manifest lists is there, in its size and of its hash; return the keys by run."""
    keys: dict[str, set[str]] = {}
    for run_id in RUNS:
        found = read_manifest(bucket, f"openalex-works/{run_id}/download")
        for file in found[0].files if found else ():
            content = bucket.get(file.key)
            assert len(content) == file.size
            if file.origin and file.origin.digest:
                assert file.origin.digest == f"md5:{hashlib.md5(content).hexdigest()}"
            keys.setdefault(run_id, set()).add(file.key)
    for run_id in keys:
        check_start(CHAIN, "transform", run_id, bucket)  # raises where output is missing
    listed = set().union(*keys.values())
    for run_id in RUNS:
        found = outputs_of(bucket, RunName(CHAIN.name, run_id))
        assert not found.lacking
        assert listed.isdisjoint(item.key for item in found.orphans)
    return keys


def in_any_order(bucket: Bucket, folder: Path, source: str, chance: random.Random, published: str | None) -> None:
    """Download again and again, by any run, from a source that changes, is damaged, and is mended."""
    for _ in range(STEPS):
        if chance.random() < 0.6:
            publish(folder, chance)
        damaged = chance.choice(sorted(folder.rglob("*.gz"))) if chance.random() < 0.2 else folder / "manifest.json"
        good = damaged.read_bytes()
        damaged.write_bytes(good[:-1] + bytes([good[-1] ^ 1]) if damaged.suffix == ".gz" else good)
        if published:
            upload(folder, published)
        run_id, before = chance.choice(RUNS), check(bucket)
        try:
            made = download(bucket, source, run_id)
        except DownloadError:
            assert damaged.suffix == ".gz"
            assert check(bucket) == before
        else:  # what is damaged may be held already, by its hash
            assert {file.key for file in made.files} == check(bucket)[run_id]
            assert damaged.suffix == ".gz" or download(bucket, source, run_id) == made  # a second start does nothing
        damaged.write_bytes(good)


@pytest.mark.parametrize("seed", range(4))
def test_in_a_folder(seed: int, bucket: Bucket, tmp_path: Path) -> None:
    chance = random.Random(seed)
    publish(tmp_path / "release", chance)
    in_any_order(bucket, tmp_path / "release", str(tmp_path / "release"), chance, None)


@pytest.mark.parametrize("seed", range(2))
def test_inside_s3(seed: int, s3_bucket: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    publish(tmp_path / "release", chance)
    boto3.client("s3").create_bucket(Bucket="published")
    bucket = Bucket(s3_bucket, "us-east-1")
    in_any_order(bucket, tmp_path / "release", "s3://published/works/", chance, "published")
