"""The report of a run as text and JSON; prices may be told, and are always an estimate."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dmpworks.commands.runs.report import report
from dmpworks.errors import JobError
from tests.runs.sample import SMALL, good_run, troubled_run
from tests.test_commands import PLAIN


@pytest.fixture
def months(bucket):
    for number in range(5, 10):
        good_run(bucket, f"2026-0{number}-01", 0.9 + number / 100)
    return troubled_run(bucket)


def test_the_report_in_words(months, bucket, capsys):
    report(bucket_name=bucket.name)
    said = capsys.readouterr().out
    for told in (
        "process-dmps/2026-10-01: succeeded on AWS Batch, 2 submissions",
        "dmp-works-search: 03:06 11 min waiting, 03:17 38 min lost, 03:55 14 min waiting, 04:09 1 h 11 min failed",
        "  merge-related-works: skipped",
        "costs, an estimate: $7.82 (",
        "; $3.59 of it for attempts that failed",
        "against process-dmps/2026-09-01:",
        "PROCESS_DMPS_DMP_WORKS_SEARCH_VCPUS=16",
    ):
        assert told in said


def test_prices_of_ones_own(months, bucket, capsys, monkeypatch):
    monkeypatch.setenv("BATCH_PRICE_VCPU_HOUR", "1")
    monkeypatch.setenv("BATCH_PRICE_GIB_HOUR", "0")
    report(bucket_name=bucket.name, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["cost"] == pytest.approx((13 + 46 + 9) / 60 * 2 + (38 + 71 + 88) / 60 * 32)
    assert "BATCH_PRICE_* settings" in told["prices"]


def test_the_report_as_json(months, bucket, capsys):
    report("process-dmps/2026-10-01", bucket_name=bucket.name, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["status"] == "succeeded"
    assert [len(time["lanes"]) for time in told["timelines"]] == [4, 2]
    assert told["comparison"]["before"] == "process-dmps/2026-09-01"
    assert {each["variable"] for each in told["suggestions"]} >= {"PROCESS_DMPS_DMP_WORKS_SEARCH_VCPUS"}


def test_the_run_before_is_the_last_that_succeeded(bucket, capsys):
    good_run(bucket, "2026-08-01")
    troubled_run(bucket, "2026-09-01").plan({"sync-dmps": SMALL}).start("sync-dmps").end("sync-dmps", 1, "failed")
    good_run(bucket, "2026-10-01")
    report("process-dmps/2026-10-01", bucket_name=bucket.name, as_json=True)
    assert json.loads(capsys.readouterr().out)["comparison"]["before"] == "process-dmps/2026-08-01"


def test_a_page_in_a_file(months, bucket, tmp_path, capsys):
    page = tmp_path / "report.html"
    report(bucket_name=bucket.name, html=page)
    assert capsys.readouterr().out == f"process-dmps/2026-10-01: report written to {page}\n"
    assert page.read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written(months, bucket, tmp_path):
    with pytest.raises(JobError, match="the report could not be written"):
        report(bucket_name=bucket.name, html=tmp_path / "nowhere" / "report.html")


def test_open_writes_the_page_and_shows_it(bucket, tmp_path):
    good_run(bucket, "2026-10-01")
    browser = tmp_path / "browser.sh"  # what the variable BROWSER names is a real program, called with the address
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/address\n')
    browser.chmod(0o755)
    environ = PLAIN | {"BROWSER": f"{browser} %s"}
    command = [sys.executable, "-m", "dmpworks", "runs", "report", "--bucket-name", bucket.name, "--open"]
    answer = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=True)
    address = (tmp_path / "address").read_text().strip()
    assert address.startswith("file://")
    assert address.removeprefix("file://") in answer.stdout
    assert "process-dmps" in Path(address.removeprefix("file://")).read_text()
