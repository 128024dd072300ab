"""A transform shared by several containers: every part once, complete with the last shard, in whatever order."""

import gzip
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from threading import Barrier

import pytest

from dmpworks.catalog import CHAINS, chain_named
from dmpworks.datasets.transform.dataset import Part
from dmpworks.datasets.transform.run_parts import transform_parts
from dmpworks.datasets.transform.shards import share
from dmpworks.errors import JobError, SettingsError, TransformError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, STARTED, Manifest, read_manifest
from dmpworks.jobs.model import Counts, Partial, Shard
from dmpworks.jobs.run import Run
from dmpworks.jobs.wiring import ARRAY_INDEX, chain_settings, job_settings
from dmpworks.runs.completeness import Start
from dmpworks.runs.ledger.state import JobState
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.local.runner import run_chain
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Sources, resolve
from tests.datasets.download.conftest import completed
from tests.datasets.sample import DATASET, broken_gzips, lines
from tests.datasets.test_transform import dois, put
from tests.end_to_end.world import PLAIN

MakeRun = Callable[..., Run]
PHASE = "datacite/2026-10-01/transform"
DATACITE = chain_named("datacite")


@pytest.mark.parametrize("of", [1, 2, 3, 7, 40])
def test_every_part_belongs_to_one_shard_and_none_has_much_more_than_another(of: int) -> None:
    chance = random.Random(of)
    sizes = [int(chance.lognormvariate(10, 1)) for _ in range(30)]
    shares = [share(sizes, Shard(number, of)) for number in range(of)]
    assert sorted(place for own in shares for place in own) == list(range(30))
    assert [share(sizes, Shard(number, of)) for number in range(of)] == shares
    loads = [sum(sizes[place] for place in own) for own in shares]
    assert max(loads) <= max(max(sizes), sum(sizes) / of * 4 / 3)
    assert all(sizes[own[0]] == max(sizes[place] for place in own) for own in shares if own)


def test_parts_without_size_are_shared_too() -> None:
    assert [len(share([0] * 6, Shard(number, 3))) for number in range(3)] == [2, 2, 2]


def do_shard(
    bucket: Bucket, make_run: MakeRun, parts: list[Part], shard: Shard, bad: float = 0.0
) -> tuple[Run, Counts | Partial]:
    run = make_run(bucket, "things", "transform")
    run.shard = shard
    return run, transform_parts(run, DATASET, parts, workers=1, use_subset=False, max_bad_records=bad)


def six(bucket: Bucket) -> list[Part]:
    return put(bucket, **{f"p{n}": gzip.compress(lines(10 + n, 100 * n)) for n in range(6)})


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_whatever_order_shards_end_in_the_last_one_completes_the_phase(
    bucket: Bucket, make_run: MakeRun, order: tuple[int, ...]
) -> None:
    parts = six(bucket)
    first, second, last = (do_shard(bucket, make_run, parts, Shard(number, 3)) for number in order)
    assert [result[1].waiting for result in (first, second) if isinstance(result[1], Partial)] == [4, 2]
    assert first[0].outputs == second[0].outputs == []
    assert last[1] == Counts(read=75, written=75, also={"things": 75})
    assert dois(last[0]) == [f"10.1/{100 * n + i}" for n in range(6) for i in range(10 + n)]


def test_a_failed_shard_is_run_again_alone(bucket: Bucket, make_run: MakeRun) -> None:
    parts = six(bucket)
    good = bucket.get(parts[2].file.key)
    bucket.put(parts[2].file.key, broken_gzips(lines(12, 200))["wrong CRC"])
    (failing,) = [number for number in range(3) if 2 in share([part.size for part in parts], Shard(number, 3))]
    with pytest.raises(TransformError, match="1 of 2 files could not be transformed"):
        do_shard(bucket, make_run, parts, Shard(failing, 3))
    others = [do_shard(bucket, make_run, parts, Shard(number, 3))[1] for number in range(3) if number != failing]
    assert [other.waiting for other in others if isinstance(other, Partial)] == [3, 1]
    bucket.put(parts[2].file.key, good)
    run, counts = do_shard(bucket, make_run, parts, Shard(failing, 3))
    assert isinstance(counts, Counts) and counts.read == 75
    assert [run.token in file.key for file in run.outputs] == [n == 2 for n in range(6)]


def test_bad_records_are_judged_over_all_shards(bucket: Bucket, make_run: MakeRun) -> None:
    parts = put(bucket, a=gzip.compress(lines(500)), b=gzip.compress(lines(8) + b"{\n[]\n"))
    (bad,) = [number for number in range(2) if 1 in share([part.size for part in parts], Shard(number, 2))]
    assert isinstance(do_shard(bucket, make_run, parts, Shard(bad, 2), bad=0.01)[1], Partial)
    with pytest.raises(TransformError, match="2 of 510 records could not be read"):
        do_shard(bucket, make_run, parts, Shard(1 - bad, 2), bad=0.001)
    counts = do_shard(bucket, make_run, parts, Shard(1 - bad, 2), bad=0.01)[1]
    assert isinstance(counts, Counts)
    assert counts.quarantined_by_reason == {"malformed JSON": 1, "not an object": 1}


@pytest.mark.parametrize("where", ["folder", "S3"])
def test_two_shards_that_complete_the_phase_at_once(
    where: str, bucket: Bucket, make_run: MakeRun, request: pytest.FixtureRequest
) -> None:
    if where == "S3":
        bucket = Bucket(request.getfixturevalue("s3_bucket"), "us-east-1")
    parts, together = six(bucket), Barrier(2, timeout=30)

    def check(read: Sequence[tuple[Part, int]]) -> None:
        together.wait()  # both have found all parts finished by now

    def complete(run: Run) -> None:
        counts = transform_parts(run, DATASET, parts, workers=1, use_subset=False, max_bad_records=0, check=check)
        assert isinstance(counts, Counts) and counts.read == 75
        completed(run)

    runs = [do_shard(bucket, make_run, parts, Shard(number, 2))[0] for number in range(2)]
    runs[1].outputs.clear()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(complete, runs))
    assert runs[0].outputs == runs[1].outputs
    found = read_manifest(bucket, "things/2026-10-01/transform")
    assert found and found[0].files == tuple(runs[0].outputs)
    assert all(bucket.size(file.key) == file.size for file in found[0].files)


def test_a_shard_that_comes_too_late_leaves_the_complete_phase(planted: Bucket) -> None:
    for number in range(3):
        made = container(planted, 3, AWS_BATCH_JOB_ARRAY_INDEX=str(number))
    assert isinstance(made, Manifest)
    assert isinstance(container(planted, 3, AWS_BATCH_JOB_ARRAY_INDEX="1"), Partial)
    found = read_manifest(planted, PHASE)
    assert found and found[0] == made
    assert all(planted.size(file.key) == file.size for file in made.files)


def test_more_shards_than_parts(bucket: Bucket, make_run: MakeRun) -> None:
    parts = six(bucket)
    results = [do_shard(bucket, make_run, parts, Shard(number, 10))[1] for number in range(10)]
    assert [result.waiting for result in results[:5] if isinstance(result, Partial)] == [5, 4, 3, 2, 1]
    assert isinstance(results[5], Counts) and results[5].read == 75
    assert results[6:] == [Partial(Counts(), 0)] * 4


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_shard_without_a_file_leaves_the_phase_as_it_is(
    planted: Bucket, capsys: pytest.CaptureFixture[str], order: tuple[int, ...]
) -> None:
    phase, chain = "ror/2026-10-01/transform", chain_named("ror")
    values = {"BUCKET_NAME": planted.name, "ROR_RUN_ID": "2026-10-01", "ROR_TRANSFORM_SHARDS": "3"}
    results = [execute(CHAINS, chain, chain.job("transform"), values | {ARRAY_INDEX: str(number)}) for number in order]
    (made,) = [result for result in results if isinstance(result, Manifest)]
    assert [result for result in results if isinstance(result, Partial)] == [Partial(Counts(), 0)] * 2
    assert {key for key, _ in planted.list(phase)} == {f"{phase}/{MANIFEST}", *(file.key for file in made.files)}
    assert capsys.readouterr().err.count("has nothing to do: there are fewer files than shards") == 2


def test_a_shard_without_a_file_completes_nothing(planted: Bucket) -> None:
    chain = chain_named("ror")
    values = {"BUCKET_NAME": planted.name, "ROR_RUN_ID": "2026-10-01", "ROR_TRANSFORM_SHARDS": "3", ARRAY_INDEX: "2"}
    assert execute(CHAINS, chain, chain.job("transform"), values) == Partial(Counts(), 0)
    # Others are still under way: the phase is no upload by hand.
    assert [key for key, _ in planted.list("ror/2026-10-01/transform")] == [f"ror/2026-10-01/transform/{STARTED}"]


def environ(bucket: Bucket, shards: int, **more: str) -> dict[str, str]:
    return {
        "BUCKET_NAME": bucket.name,
        "DATACITE_RUN_ID": "2026-10-01",
        "DATACITE_TRANSFORM_SHARDS": str(shards),
    } | more


def container(bucket: Bucket, shards: int, **more: str) -> Manifest | Partial:
    return execute(CHAINS, DATACITE, DATACITE.job("transform"), environ(bucket, shards, **more))


def test_containers_of_an_array_job(planted: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    whole = container(planted, 1)
    assert isinstance(whole, Manifest)
    planted.delete([f"{PHASE}/{MANIFEST}"])
    results = [container(planted, 3, AWS_BATCH_JOB_ARRAY_INDEX=str(number)) for number in (2, 0, 1)]
    assert [isinstance(result, Partial) for result in results] == [True, True, False]
    assert isinstance(results[2], Manifest) and results[2].counts == whole.counts
    assert [file.rows for file in results[2].files] == [file.rows for file in whole.files]
    assert "datacite transform: shard 2 is done: " in capsys.readouterr().err
    kept = {key for key, _ in planted.list(PHASE)}
    assert kept == {f"{PHASE}/{MANIFEST}", *(file.key for file in results[2].files)}


def test_a_complete_phase_stays_until_all_shards_are_done_again(planted: Bucket) -> None:
    before = container(planted, 1)
    assert isinstance(container(planted, 2, AWS_BATCH_JOB_ARRAY_INDEX="0"), Partial)
    found = read_manifest(planted, PHASE)
    assert found and found[0] == before
    assert all(planted.size(file.key) == file.size for file in found[0].files)
    after = container(planted, 2, AWS_BATCH_JOB_ARRAY_INDEX="1")
    assert isinstance(after, Manifest) and after.counts == found[0].counts


@pytest.mark.parametrize("index", [None, "", "3", "-1", "x"])
def test_a_container_that_does_not_know_its_shard_does_nothing(planted: Bucket, index: str | None) -> None:
    with pytest.raises(SettingsError) as caught:
        container(planted, 3, **({} if index is None else {ARRAY_INDEX: index}))
    assert caught.value.what == f"{ARRAY_INDEX} cannot be {index or ''!r} where DATACITE_TRANSFORM_SHARDS is 3"
    assert caught.value.next == "set it to a number from 0 to 2, or: dmpworks run datacite --start-job transform"
    assert planted.list(PHASE) == []


@pytest.mark.parametrize("number", ["0", "10001", "-1"])
def test_shards_are_from_one_to_ten_thousand(planted: Bucket, number: str) -> None:
    with pytest.raises(SettingsError) as caught:
        container(planted, int(number))
    assert caught.value.what == f"DATACITE_TRANSFORM_SHARDS cannot be {number!r}"
    assert caught.value.next == "give a number from 1 to 10,000"


def test_every_transform_may_be_sharded_and_no_download() -> None:
    sharded = {(chain.name, job.name) for chain in CHAINS for job in chain if job.sharded}
    assert sharded == {(chain.name, "transform") for chain in CHAINS if "transform" in chain.job_names}
    for chain in CHAINS:
        for job in chain:
            found = [s for s in job_settings(chain, job) if s.field == "shards"]
            assert [s.variable for s in found] == [f"{chain.prefix}_TRANSFORM_SHARDS"] * job.sharded
            assert [s.option(chain.prefix) for s in found] == ["--transform.shards"] * job.sharded


def here(bucket: Bucket, shards: int) -> list[Manifest]:
    jobs = (DATACITE.job("transform"),)
    values = resolve(chain_settings(DATACITE, jobs), Sources({}, environ(bucket, shards), {}, ""), DATACITE.prefix)
    return run_chain(DATACITE, Start("transform", {}), values, PLAIN, bucket, lambda job: f"again {job}")


def told(bucket: Bucket) -> JobState:
    """Return what the ledger tells of the job."""
    return Ledger(bucket, RunName("datacite", "2026-10-01")).state().jobs["transform"]


def test_on_one_machine_shards_run_one_after_the_other(planted: Bucket) -> None:
    (manifest,) = here(planted, 3)
    assert manifest.counts.read == 1173
    assert len({file.key.rpartition("-")[2] for file in manifest.files}) == 3
    job = told(planted)
    assert (job.status, job.request.shards) == ("succeeded", 3)
    assert [one.shard for one in job.attempts] == [Shard(0, 3), Shard(1, 3), Shard(2, 3)]
    assert [one.ended and one.ended.counts for one in job.attempts] == [None, None, manifest.counts]


def test_a_shard_that_fails_stops_the_chain_after_the_others(planted: Bucket) -> None:
    assert planted.root
    path = next(Path(planted.root / "datacite").rglob("part_0000.jsonl.gz"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(JobError, match="its job transform failed with exit code 1"):
        here(planted, 3)
    assert read_manifest(planted, PHASE) is None
    job = told(planted)
    assert (job.status, job.exit_code, len(job.done(3)), len(job.failed_shards)) == ("failed", 1, 2, 1)
    path.write_bytes(whole)
    (manifest,) = here(planted, 2)  # the number of shards may be another one
    assert manifest.counts.read == 1173
    assert len([file for file in manifest.files if manifest.attempt in file.key]) <= 1
