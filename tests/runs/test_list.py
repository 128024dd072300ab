"""The list of runs: one line a run, the newest first; what is live, left by its process or unreadable is told apart."""

import json

import pytest

from dmpworks.commands.runs.list_runs import list_runs
from dmpworks.errors import SettingsError
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from tests.runs.sample import SMALL, Story, good_run, troubled_run
from tests.runs.terminal import Terminal
from tests.test_commands import PLAIN


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
    assert (line["status"], line["done"], line["jobs"], line["live"]) == ("running", 1, 2, True)
    assert (line["job"], line["job_status"]) == ("transform", "running")
    told.end("transform", 5, "failed")
    (line,) = listed()
    assert (line["status"], line["done"], line["jobs"], line["seconds"]) == ("failed", 1, 2, 11 * 60)
    assert (line["job"], line["job_status"]) == ("transform", "failed")
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
    assert (line["status"], line["job"], line["job_status"]) == ("failed", "download", "failed")
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
    assert head.split() == ["run", "status", "where", "began", "(UTC)", "took", "done", "job", "by"]
    assert line.split()[:3] == ["process-dmps/2026-10-01", "succeeded", "batch"]
    assert "2 h 53 min" in line


def test_only_runs_of_a_status_since_a_day(bucket, listed):
    good_run(bucket, "2026-08-01")
    good_run(bucket, "2026-09-01")
    Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL}).start("download").end("download", 1, "failed")
    assert [line["run"] for line in listed(status="failed")] == ["ror/2026-10-01"]
    assert [line["run"] for line in listed(status="succeeded", limit=1)] == ["process-dmps/2026-09-01"]
    since = listed(since="2026-09-01")
    assert [line["run"] for line in since] == ["ror/2026-10-01", "process-dmps/2026-09-01"]
    assert listed(chain="ror", status="succeeded") == []


def test_a_day_that_does_not_exist(bucket, listed):
    with pytest.raises(SettingsError, match="there is no day 2026-02-30"):
        listed(since="2026-02-30")


def test_80_columns_break_no_date_and_no_name(bucket, tmp_path):
    good_run(bucket, "2026-09-01")
    Story(bucket, RunName("data-citation-corpus", "2026-10-01")).plan({"transform": SMALL}).start("transform").end(
        "transform", 1, "failed"
    )
    terminal = Terminal("runs", "list", "--bucket-name", bucket.name, environ=PLAIN | {"COLUMNS": "80"}, cwd=tmp_path)
    assert terminal.exit_code() == 0
    said = "\n".join(terminal.lines())
    assert max(map(len, terminal.lines())) <= 80
    for whole in (
        "data-citation-corpus/2026-10-01",
        "process-dmps/2026-09-01",
        "2026-10-01 02:00",
        "2 h 53 min",
        "4/4",
        "transform failed",
    ):
        assert whole in said
    assert "ada@laptop" not in said


def test_no_runs_yet(bucket, capsys):
    list_runs(bucket_name=bucket.name)
    assert capsys.readouterr().out == f"no runs in {bucket.name}\n"
