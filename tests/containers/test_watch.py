"""`batch-submit --watch` to the end of a run, and a second watch from another terminal."""

import json
import re

import pytest

from tests.containers.chain import JOBS, RUN
from tests.containers.conftest import Followed

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels
ID = "[0-9a-f-]{36}"


def test_a_submission_is_watched_to_its_end(followed: Followed) -> None:
    done = followed.submitted
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [re.sub(ID, "ID", line) for line in lines[:2]] == [f"ror 2026-10-01 {job}: ID" for job in JOBS]
    seen = re.findall(rf"^\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ {RUN} (\w+): (\w+)", done.stdout, re.M)
    assert [status for job, status in seen if job == "download"][-1] == "succeeded"
    assert next(status for job, status in seen if job == "transform") == "pending"
    assert seen[-1] == ("transform", "succeeded")
    assert lines[-1] == f"{RUN} succeeded"


def test_another_terminal_watches_the_same_run(followed: Followed) -> None:
    done = followed.watched
    assert done.returncode == 0, done.stdout + done.stderr
    looks = [json.loads(line) for line in done.stdout.splitlines()]
    assert {look["event"] for look in looks} == {"snapshot"}
    assert [row["status"] for row in looks[-1]["rows"]] == ["succeeded", "succeeded"]
    assert [look["code"] for look in looks if "code" in look] == [0]


def test_the_ledger_knows_how_aws_batch_ended_each_job(followed: Followed) -> None:
    events = followed.operator.answer("runs", "show", RUN, "--events")["events"]
    ends = {event["job"]: event for event in events if event["event"] == "observed"}
    assert {job: event["state"] for job, event in ends.items()} == dict.fromkeys(JOBS, "succeeded")
    assert [len(event["tries"]) for event in ends.values()] == [1, 1]


def test_a_watch_that_comes_late_tells_the_end(followed: Followed) -> None:
    done = followed.operator.run("runs", "watch", "ror/latest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{RUN} succeeded"
