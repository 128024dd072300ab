"""Two runs side by side: what was set, counted and taken, and by how much it differs."""

import json

from dmpworks.commands.runs.compare import compare_runs
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.reports.compare import compare
from dmpworks.runs.reports.metrics import read_run
from tests.runs.sample import SETTINGS, SMALL, Story, good_run


def run(bucket, run_id, settings=None, jobs=("download",), **about):
    told = Story(bucket, RunName("ror", run_id)).plan(dict.fromkeys(jobs, SMALL), settings=settings)
    for job in jobs:
        told.run_job(job, 1, 10, **about)
    return read_run(told.ledger, told.now).figures


def test_figures_of_each_job(bucket):
    before = run(bucket, "2026-09-01", counts=Counts(read=100, written=90, dropped={"no id": 10}), peak=500)
    after = run(bucket, "2026-10-01", counts=Counts(read=110, written=109, also={"new": 7}, quarantined=1), peak=700)
    found = {each.figure: (each.before, each.after) for each in compare(before, after).differences}
    assert found == {
        "read": (100, 110),
        "written": (90, 109),
        "quarantined": (0, 1),
        "new": (None, 7),
        "dropped: no id": (10, None),
        "took": (600.0, 600.0),
        "waited": (60.0, 60.0),
        "CPU time": (840.0, 840.0),
        "peak memory": (500, 700),
    }


def test_settings_and_versions_that_changed(bucket):
    before = run(bucket, "2026-09-01", SETTINGS | {"MAX_BAD_RECORDS": "0.001"})
    after = run(bucket, "2026-10-01", SETTINGS | {"ENV": "dev", "ROR_RUN_ID": "2026-10-01"})
    changes = [(each.name, each.before, each.after) for each in compare(before, after).changes]
    assert changes == [("ENV", "prod", "dev"), ("MAX_BAD_RECORDS", "0.001", None)]


def test_a_job_that_only_one_of_them_has(bucket):
    before, after = run(bucket, "2026-09-01"), run(bucket, "2026-10-01", jobs=("download", "transform"))
    new = [each for each in compare(before, after).differences if each.job == "transform"]
    assert {each.before for each in new} == {None}
    assert new[0].after == 10


def test_the_command(bucket, capsys):
    good_run(bucket, "2026-09-01")
    good_run(bucket, "2026-10-01", 1.1)
    compare_runs("process-dmps/2026-09-01", "latest", bucket_name=bucket.name)
    said = capsys.readouterr().out
    assert said.startswith("process-dmps/2026-09-01 (succeeded) and process-dmps/2026-10-01 (succeeded)")
    (line,) = [line.split() for line in said.splitlines() if line.startswith("merge-related-works  written")]
    assert line == ["merge-related-works", "written", "9,844", "10,828", "+10.0%"]


def test_the_command_as_json(bucket, capsys):
    good_run(bucket, "2026-09-01")
    good_run(bucket, "2026-10-01", 1.1)
    compare_runs("process-dmps/2026-09-01", "process-dmps/latest", bucket_name=bucket.name, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["before"] == "process-dmps/2026-09-01"
    assert {"job": "sync-dmps", "figure": "read", "unit": "records", "before": 48210, "after": 53031} in told[
        "differences"
    ]
