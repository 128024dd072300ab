"""How a watch is shown: JSON lines, a live table, plain lines; local runs; and the commands as a whole."""

import io
import json
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from dmpworks.batch.clients import batch_client
from dmpworks.batch.monitor.watch import Watch
from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.cli import main
from dmpworks.commands.runs.watch import follow_on
from dmpworks.commands.shared.watch_views import JsonLines, Lines, LiveTable, screen
from dmpworks.runs.ledger.events import Ended, Started, Submitted
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import open_bucket
from tests.batch.fake_jobs import (
    Execution,
    image_not_pulled,
    out_of_memory,
)
from tests.batch.scene import plan_of


def test_json_lines_hold_every_look_and_why_jobs_failed(scene):
    scene.does("count", out_of_memory())
    scene.submit()
    output = io.StringIO()
    assert follow_on(scene.ledger, scene.context, JsonLines(output)) == 1
    *snapshots, digest = [json.loads(line) for line in output.getvalue().splitlines()]
    assert {each["event"] for each in snapshots} == {"snapshot"}
    assert (snapshots[-1]["code"], snapshots[0].get("code")) == (1, None)
    assert [row["status"] for row in snapshots[-1]["rows"]] == ["succeeded", "failed"]
    assert (digest["event"], digest["job"], digest["cause"]) == ("digest", "count", "out of memory")


def test_a_terminal_gets_a_live_table(scene):
    scene.does("fetch", image_not_pulled(), Execution())
    scene.submit()
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=120, color_system=None)
    assert follow_on(scene.ledger, scene.context, LiveTable(console, scene.batch.clock)) == 0
    last = output.getvalue().rsplit("job ", 1)[-1]
    assert "fetch" in last and "succeeded" in last and "1 min" in last
    assert isinstance(screen(as_json=False, clock=scene.batch.clock, output=io.StringIO()), Lines)


def test_a_local_run_is_followed_by_its_ledger_alone(scene):
    ledger = scene.local_run()
    about = {"at": scene.batch.now, "by": "ada@laptop"}
    events = iter(
        [
            Ended(**about, job="fetch", attempt="a1", outcome="succeeded"),
            Submitted(**about, submission=1, job="count"),
            Started(**about, job="count", attempt="a2"),
            Ended(**about, job="count", attempt="a2", outcome="succeeded"),
        ]
    )
    output = io.StringIO()
    context = scene.context._replace(batch=None, logs=None, sleep=lambda seconds: ledger.append(next(events)))
    with hold(scene.bucket, "letters", f"dmpworks run {ledger.run}"):
        code = follow_on(ledger, context, Lines(Console(file=output, width=200)))
    assert code == 0
    assert [line.split(" ", 3)[-1] for line in output.getvalue().splitlines()] == [
        "fetch: running",
        "count: planned",
        "fetch: succeeded (after 0 s)",
        "count: starting",
        "count: running",
        "count: succeeded (after 0 s)",
        "succeeded",
    ]


def test_a_local_run_whose_process_is_gone_is_not_waited_for(scene):
    ledger = scene.local_run()
    output = io.StringIO()
    context = scene.context._replace(batch=None, logs=None)
    assert follow_on(ledger, context, Lines(Console(file=output, width=200))) == 1
    said = output.getvalue().splitlines()
    assert said[-2:] == [
        "letters/2026-11-01 fetch failed: the process that ran it is gone",
        "  next:  dmpworks runs resume letters/2026-11-01",
    ]
    assert ledger.state().jobs["fetch"].status == "running"  # looking writes nothing


def test_the_commands_work_over_the_wire(batch_account, s3_bucket, capsys):
    """Against moto: its jobs have succeeded by the time SubmitJob returns."""
    bucket = open_bucket(s3_bucket, "us-east-1")
    ledger = Ledger(bucket, RunName("letters", "2026-10-01"))
    with hold(bucket, "letters", "batch-submit") as held:
        plan = plan_of(LETTERS_RUN_ID="2026-10-01")
        ids = [sent.id for sent in submit(SubmissionContext(batch_client("us-east-1"), ledger, held), plan, "again")]
    main(["runs", "watch", "letters/latest", "--bucket-name", s3_bucket, "--json"])
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [(row["job"], row["status"], row["id"]) for row in last["rows"]] == [
        ("fetch", "succeeded", ids[0]),
        ("count", "succeeded", ids[1]),
    ]
    main(["runs", "cancel", "--yes", "--bucket-name", s3_bucket, "--json"])
    assert json.loads(capsys.readouterr().out)["status"] == "succeeded"
    with pytest.raises(SystemExit, match="1"):  # moto wrote no log of a job that has ended: that is not "not yet"
        main(["runs", "logs", "letters/latest", "fetch", "--bucket-name", s3_bucket])
    assert "CloudWatch has no lines of this log" in capsys.readouterr().err


def test_what_aws_says_in_brackets_is_shown_on_a_terminal(scene):
    scene.batch.stuck["dmpworks-dev"] = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - of instance type [r6i.8xlarge]"
    scene.submit()
    scene.sleep(400)
    output = io.StringIO()
    table = LiveTable(Console(file=output, force_terminal=True, width=120, color_system=None), scene.batch.clock)
    table.show(Watch(scene.ledger, scene.batch, {}, scene.batch.clock).look())
    table.close()
    shown = output.getvalue()
    assert "AWS says: CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - of instance type [r6i.8xlarge]" in shown
    assert "6 min 40 s" in shown


def test_ctrl_c_ends_the_command_but_not_the_run(scene):
    ledger = scene.local_run()
    command = [sys.executable, "-m", "dmpworks", "runs", "watch", "--bucket-name", scene.bucket.name]
    with (
        hold(scene.bucket, "letters", f"dmpworks run {ledger.run}"),
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout.readline().endswith("letters/2026-11-01 fetch: running\n")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "detached: letters/2026-11-01 continues" in said
    assert ledger.state().status == "running"
