"""A real transform as an array job: one shard fails, the run is resumed, and what was finished is taken over."""

from pathlib import Path
from typing import Any

import pytest

from dmpworks.batch.monitor.watch import Watch
from dmpworks.batch.submission.plan import make_plan
from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.catalog import CHAINS, chain_named
from dmpworks.errors import TransformError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import read_manifest
from dmpworks.jobs.wiring import submit_settings
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.recorder import LedgerReport
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Sources, resolve
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution, Job

DATACITE = chain_named("datacite")
RUN = RunName("datacite", "2026-10-01")
PHASE = "datacite/2026-10-01/transform"


def container(batch: Any, job: Job, moment: str, exit_code: int | None) -> None:
    """Do what the image does, with the environment that AWS Batch gives it."""
    if moment == "ended":
        return
    environ = {each["name"]: each["value"] for each in job.request["containerOverrides"]["environment"]}
    environ |= {"AWS_BATCH_JOB_ID": job.id, "AWS_BATCH_JOB_ATTEMPT": str(job.number)}
    environ |= {"AWS_BATCH_JOB_ARRAY_INDEX": str(job.index)}
    try:
        execute(CHAINS, DATACITE, DATACITE.job("transform"), environ, LedgerReport(environ))
    except TransformError:
        batch.scripts[job.label] = [Execution(exit_code=1, container=container)]


def run(batch: FakeBatch, bucket: Bucket) -> str:
    """Submit the transform in three shards, watch it to its end, and return its status."""
    environ = {"BUCKET_NAME": bucket.name, "DATACITE_RUN_ID": RUN.run_id, "DATACITE_TRANSFORM_SHARDS": "3"}
    settings = [setting for setting in submit_settings(DATACITE) if not setting.secret]
    plan = make_plan(
        DATACITE, DATACITE.from_job("transform"), resolve(settings, Sources({}, environ, {}, ""), "DATACITE"), "d:1"
    )
    batch.scripts = {"transform": [Execution(container=container)]}
    ledger = Ledger(bucket, RUN)
    with hold(bucket, RUN.chain, "a test") as held:
        submit(SubmissionContext(batch, ledger, held, batch.sleep), plan, "again")
    watch = Watch(ledger, batch, {}, batch.clock)
    while watch.look().code is None:
        batch.sleep(10)
    return ledger.state().jobs["transform"].status


def test_a_resume_runs_the_array_again_and_takes_finished_parts_over(
    planted: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planted.root
    path = next(Path(planted.root / "datacite").rglob("part_0000.jsonl.gz"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    batch = FakeBatch()
    assert run(batch, planted) == "failed"
    job = Ledger(planted, RUN).state().jobs["transform"]
    assert (len(job.done(3)), len(job.failed_shards), read_manifest(planted, PHASE)) == (2, 1, None)
    first = {one.token for one in job.attempts}

    path.write_bytes(whole)
    capsys.readouterr()
    assert run(batch, planted) == "succeeded"
    assert "were finished by an earlier execution" in capsys.readouterr().err
    found = read_manifest(planted, PHASE)
    assert found and found[0].counts.read == 1173
    made_first = [file for file in found[0].files if file.key.rpartition("-")[2].partition(".")[0] in first]
    assert 0 < len(made_first) < len(found[0].files)
    again = Ledger(planted, RUN).state().jobs["transform"]
    assert [one.ended.counts for one in again.own if one.ended.counts] == [found[0].counts]
