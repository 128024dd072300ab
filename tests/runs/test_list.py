"""The list of runs: one line a run, the newest first; what is live, left by its process or unreadable is told apart."""

import json

import pytest

from dmpworks.commands.runs.list_runs import list_runs
from dmpworks.errors import SettingsError
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from tests.runs.sample import SMALL, Story, good_run, troubled_run


@pytest.fixture
def listed(bucket, capsys):
    def command(*arguments, **options):
        list_runs(*arguments, bucket_name=bucket.name, as_json=True, **options)
        return json.loads(capsys.readouterr().out)

    return command


def test_the_newest_first(bucket, listed):
    good_run(bucket, "2026-09-01")
    troubled_run(bucket)
    good_run(bucket, "2026-08-01")
    assert [line["run"] for line in listed()] == [f"process-dmps/2026-{month}-01" for month in ("10", "09", "08")]
    assert [line["run"] for line in listed(limit=1)] == ["process-dmps/2026-10-01"]


def test_a_line_tells_where_it_stands(bucket, listed):
    told = Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL, "transform": SMALL})
    told.run_job("download", 1, 4).wait(1).start("transform")
    (line,) = listed()
    assert (line["status"], line["jobs"], line["live"]) == ("running", "1 of 2, transform running", True)
    told.end("transform", 5, "failed")
    (line,) = listed()
    assert (line["status"], line["jobs"], line["seconds"]) == ("failed", "1 of 2, transform failed", 11 * 60)
    assert "live" not in line


def test_only_one_chain(bucket, listed):
    good_run(bucket, "2026-09-01")
    Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL})
    assert [line["run"] for line in listed("ror")] == ["ror/2026-10-01"]


def test_a_local_run_lives_as_long_as_its_process(bucket, listed):
    Story(bucket, RunName("ror", "2026-10-01"), where="local").plan({"download": SMALL}).start("download")
    assert listed()[0]["status"] == "failed"
    with hold(bucket, "ror", "dmpworks run ror/2026-10-01"):
        assert (listed()[0]["status"], listed()[0]["live"]) == ("running", True)


def test_an_older_run_is_not_kept_alive_by_the_lock_of_another(bucket, listed):
    Story(bucket, RunName("ror", "2026-09-01"), where="local").plan({"download": SMALL}).start("download")
    with hold(bucket, "ror", "dmpworks run ror/2026-10-01"):
        (line,) = listed()
    assert (line["status"], line["jobs"]) == ("failed", "0 of 1, download failed")
    assert "live" not in line


def test_a_chain_that_does_not_exist_is_told(bucket, listed):
    with pytest.raises(SettingsError, match="there is no chain rorr"):
        listed("rorr")


def test_a_damaged_ledger_hides_no_other(bucket, listed):
    good_run(bucket, "2026-09-01")
    good_run(bucket, "2026-10-01")
    bucket.put(Ledger(bucket, RunName("process-dmps", "2026-09-01")).key(3), b"{")
    assert {line["run"]: line["status"] for line in listed()} == {
        "process-dmps/2026-10-01": "succeeded",
        "process-dmps/2026-09-01": "unreadable",
    }


def test_plain_lines_where_there_is_no_terminal(bucket, capsys):
    good_run(bucket, "2026-10-01")
    list_runs(bucket_name=bucket.name)
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "status", "where", "began", "(UTC)", "took", "jobs", "by"]
    assert line.split()[:3] == ["process-dmps/2026-10-01", "succeeded", "batch"]
    assert "2 h 53 min" in line


def test_no_runs_yet(bucket, capsys):
    list_runs(bucket_name=bucket.name)
    assert capsys.readouterr().out == f"no runs in {bucket.name}\n"
