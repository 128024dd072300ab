"""A job in shards is an array job of AWS Batch: as it is watched, explained, read and ended."""

import io

import pytest
from rich.console import Console

from dmpworks.batch.describe import describe
from dmpworks.batch.monitor.failures import FailureReport, explain_failures
from dmpworks.batch.monitor.log_reader import LogReader
from dmpworks.batch.monitor.reconcile import Deployment, inspect
from dmpworks.batch.monitor.watch import Watch
from dmpworks.commands.runs.cancel import end
from dmpworks.commands.runs.watch import follow_on
from dmpworks.commands.shared.watch_views import Lines
from dmpworks.errors import SettingsError
from dmpworks.runs.ledger.events import ErrorText
from dmpworks.runs.ledger.store import now
from tests.batch.fake_containers import Container
from tests.batch.fake_jobs import Execution, machine_lost, out_of_memory
from tests.batch.scene import Scene
from tests.batch.test_array_requests import SHARED

RESUME = "dmpworks runs resume letters/2026-10-01"


@pytest.fixture
def scene(scene: Scene) -> Scene:
    scene.chain = SHARED
    return scene


def follow(scene: Scene) -> tuple[int, list[str]]:
    """Watch to the end; return the exit code and what was said of the shared job."""
    output = io.StringIO()
    code = follow_on(scene.ledger, scene.context, Lines(Console(file=output, width=300)))
    return code, [line.split(" count: ")[1] for line in output.getvalue().splitlines() if " count: " in line]


def failed(scene: Scene) -> FailureReport:
    scene.submit(LETTERS_COUNT_SHARDS="4")
    assert follow(scene)[0] == 1
    (digest,) = explain_failures(scene.ledger, scene.context)
    return digest


# watched


def test_a_watch_tells_how_many_shards_are_done(scene):
    scene.does("count:3", Execution(seconds=600))
    scene.does("count", Execution(seconds=60))
    scene.submit(LETTERS_COUNT_SHARDS="4")
    code, said = follow(scene)
    assert code == 0
    assert "running (3 of 4 shards done)" in said
    assert said[-1].startswith("succeeded (4 of 4 shards done, after 10 min")
    job = scene.ledger.state().jobs["count"]
    assert (job.status, job.id, len(job.attempts)) == ("succeeded", scene.batch.job("count").id, 4)
    assert [one.ended.counts is not None for one in sorted(job.attempts, key=lambda one: one.ended.at)] == [
        False
    ] * 3 + [True]


def test_children_that_wait_for_machines_are_seen_as_waiting(scene):
    scene.submit(LETTERS_COUNT_SHARDS="4")
    scene.sleep(95)
    snapshot = Watch(scene.ledger, scene.batch, {}, scene.batch.clock).look()
    assert (scene.batch.job("count").status, snapshot.rows[1].status) == ("PENDING", "waiting")
    assert snapshot.rows[1].detail == "0 of 4 shards done"


def test_an_array_after_a_job_that_failed_is_skipped(scene):
    scene.does("fetch", Execution(exit_code=1))
    scene.submit(LETTERS_COUNT_SHARDS="4")
    assert follow(scene)[0] == 1
    assert scene.statuses() == {"fetch": "failed", "count": "skipped"}


def test_a_shard_whose_machine_is_lost_is_tried_again_alone(scene):
    scene.does("count:1", machine_lost(), Execution())
    scene.submit(LETTERS_COUNT_SHARDS="3")
    assert follow(scene)[0] == 0
    attempts = scene.ledger.state().jobs["count"].attempts
    assert sorted((one.shard.number, one.number) for one in attempts) == [(0, 1), (1, 1), (1, 2), (2, 1)]


# explained


def test_a_failed_shard_is_named_and_explained(scene):
    told = ErrorText("3 files could not be read", "s3://my-bucket/letters", "run fetch again")
    broken = Container(scene.bucket, scene.logs, lines=("x.gz is damaged",), error=told)
    scene.does("count:2", Execution(exit_code=1, container=broken))
    digest = failed(scene)
    assert (digest.shards, digest.of, digest.exit_code, digest.error) == ((2,), 4, 1, told)
    assert digest.log == ("x.gz is damaged",)
    assert digest.lines()[1] == "  1 of 4 shards failed: 2; cause and log below are those of shard 2"
    assert digest.next == f"run fetch again; then: {RESUME}"
    assert scene.statuses()["count"] == "failed"


def test_shards_that_were_killed_before_they_could_tell_are_named_too(scene):
    scene.does("count:1", out_of_memory())
    scene.does("count:3", out_of_memory())
    digest = failed(scene)
    assert (digest.shards, digest.cause, digest.exit_code) == ((1, 3), "out of memory", 137)
    assert digest.next == f"{RESUME} --set LETTERS_COUNT_MEMORY=501760"


def test_what_aws_batch_has_forgotten_the_ledger_tells(scene):
    scene.does("count:1", Execution(exit_code=1))
    failed(scene)
    scene.batch.jobs.clear()
    (digest,) = explain_failures(scene.ledger, scene.context)
    assert (digest.shards, digest.of, digest.exit_code) == ((1,), 4, 1)


# read


def test_the_log_of_a_failed_shard_comes_first(scene):
    scene.does("count:1", Execution(exit_code=1, container=Container(scene.bucket, scene.logs, lines=("damaged",))))
    failed(scene)
    reader = LogReader(scene.ledger, scene.context)
    ((place, line),) = reader.read("count", None)
    assert (place.shard, place.name, line.text) == (1, f"dmpworks/default/{scene.batch.job('count').id}:1-1", "damaged")
    ((third, _),) = reader.read("count", 3)
    assert third.shard == 2


def test_there_are_no_more_logs_than_attempts(scene):
    scene.submit(LETTERS_COUNT_SHARDS="3")
    follow(scene)
    with pytest.raises(SettingsError, match="there is no log of attempt 4"):
        list(LogReader(scene.ledger, scene.context).read("count", 4))


# ended


def test_a_cancelled_array_ends_its_children(scene):
    scene.does("count", Execution(seconds=600))
    scene.submit(LETTERS_COUNT_SHARDS="3")
    scene.sleep(150)
    assert describe(scene.batch, [scene.batch.job("count").id]).popitem()[1].status == "RUNNING"
    assert end(scene.ledger, scene.context).status == "cancelled"
    assert [name.rsplit("-", 1)[-1] for name in scene.batch.names("TerminateJob")] == ["count"]
    assert {job.status for job in scene.batch.jobs.values() if job.index is not None} == {"FAILED"}


def test_a_reconciliation_finds_nothing_to_mend_in_a_good_array(scene):
    scene.submit(LETTERS_COUNT_SHARDS="3")
    follow(scene)
    deployment = Deployment(scene.batch, "dev", ["dmpworks-dev", "dmpworks-dev-large"], "my-bucket")
    assert inspect(scene.ledger, deployment, now(), "ada@laptop", alone=True) == []


def test_an_array_that_nobody_wrote_down_keeps_its_number_of_shards(scene):
    scene.submit(LETTERS_COUNT_SHARDS="3")
    deployment = Deployment(scene.batch, "dev", ["dmpworks-dev", "dmpworks-dev-large"], "my-bucket")
    jobs = describe(scene.batch, [scene.batch.job("count").id]).values()
    assert deployment.planned(jobs, now(), "ada@laptop").jobs["count"].shards == 3
