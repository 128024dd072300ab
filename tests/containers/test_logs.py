"""Logs of containers, followed while the run goes on and read afterwards."""

import json
import re

import pytest

from tests.containers.chain import JOBS, RUN
from tests.containers.conftest import Followed

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels


def test_the_logs_of_a_run_are_followed_to_its_end(followed: Followed) -> None:
    done = followed.read
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if "begins" in line] == ["download:", "transform:"]
    ends = [line for line in done.stdout.splitlines() if ": done in" in line]
    assert [re.sub(r"done in \S+ s", "done", line) for line in ends] == [
        "ror download: done: 1 read; 1 written; bytes: 15,571",
        "ror transform: done: 138 read; 138 written",
    ]
    account, *heads = (line.split(" (")[0] for line in done.stderr.splitlines())
    assert account.startswith("AWS: account 123456789012")
    assert heads == [f"==> {RUN} {job}, attempt 1" for job in JOBS]


def test_the_log_of_one_job_is_read_by_a_program(followed: Followed) -> None:
    done = followed.operator.run("runs", "logs", RUN, "download", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(line["job"], line["attempt"]) for line in lines} == {("download", 1)}
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert lines[0]["text"].startswith("ror download: run 2026-10-01 begins, attempt ")
