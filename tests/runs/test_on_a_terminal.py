"""A local run on a terminal: the job's bar is to be seen below what it says, and is in no log."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.local.terminal import screen
from dmpworks.services.storage import Bucket
from tests.runs.terminal import Terminal
from tests.test_commands import PLAIN

RUN = RunName("openalex-works", "2026-10-01")
ROR = RunName("ror", "2026-10-01")
BAR = "━━━━"


def command(bucket: Bucket, run: RunName, source: str, *more: str) -> list[str]:
    name = "--download-url" if run == ROR else "--source"
    return ["run", run.chain, "--bucket-name", bucket.name, "--run-id", run.run_id, name, source, *more]


def logged(bucket: Bucket, run: RunName, *jobs: str) -> list[str]:
    """Return the lines of the logs of these jobs."""
    texts = [bucket.get(Ledger(bucket, run).log_key(1, job)).decode() for job in jobs]
    assert not any("\x1b" in text or "\r" in text or BAR in text for text in texts)
    return "".join(texts).splitlines()


@pytest.mark.parametrize(("workers", "shards"), [(1, 1), (2, 1), (1, 2)])
def test_the_bar_comes_and_goes_and_the_lines_stay(
    bucket: Bucket, data: Path, tmp_path: Path, workers: int, shards: int
) -> None:
    release = str(data / "planted/openalex-works/2026-10-01/download/data/jsonl/works")
    options = ["--transform.workers", str(workers), "--transform.shards", str(shards)]
    terminal = Terminal(*command(bucket, RUN, release, *options), environ=PLAIN, cwd=tmp_path)
    assert terminal.exit_code() == 0
    received = re.sub(r"\x1b\[[\d;]*m", "", terminal.received)  # without colours
    drawn = re.findall(rf"{BAR} (\S+ MB, )?(\d+) of (\d+) files(, \S+ rows/s)?, \S+ MB/s", received)
    assert {total for copied, _, total, _ in drawn if copied} == {"12"}
    transformed = [(done, total) for copied, done, total, rows in drawn if rows and not copied]
    assert (str(12 // shards),) * 2 in transformed
    assert terminal.lines() == logged(bucket, RUN, "download", "transform")
    assert terminal.has_cursor


def test_a_line_goes_above_the_bar_and_ctrl_c_wipes_it(bucket: Bucket, endless: str, tmp_path: Path) -> None:
    terminal = Terminal(*command(bucket, ROR, endless), environ=PLAIN, cwd=tmp_path)
    terminal.wait_until(lambda lines: lines[-1].startswith(BAR))
    with (bucket.root / Ledger(bucket, ROR).log_key(1, "download")).open("a") as log:  # type: ignore[operator]
        log.write("said while the bar is to be seen\n")
    said = logged(bucket, ROR, "download")
    terminal.wait_until(lambda lines: lines[:-1] == said and re.match(f"{BAR}.* 0 of 1 files, ", lines[-1]) is not None)
    assert not terminal.has_cursor
    terminal.type("\x03")
    assert terminal.exit_code() == 130
    *said, failed, _, _ = terminal.lines()
    assert said == logged(bucket, ROR, "download")
    assert failed == "failed: ror stopped: its job download was interrupted"
    assert terminal.has_cursor


def test_the_bar_of_a_killed_job_is_wiped(bucket: Bucket, endless: str, tmp_path: Path) -> None:
    terminal = Terminal(*command(bucket, ROR, endless), environ=PLAIN, cwd=tmp_path)
    terminal.wait_until(lambda lines: lines[-1].startswith(BAR))
    found = subprocess.run(["pgrep", "-P", str(terminal.pid)], capture_output=True, text=True, check=True)
    os.kill(int(found.stdout), signal.SIGKILL)
    assert terminal.exit_code() == 1
    *said, failed, _, _ = terminal.lines()
    assert said == logged(bucket, ROR, "download")
    assert failed == "failed: ror stopped: its job download was killed by signal 9"
    assert terminal.has_cursor


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": "unknown"}])
def test_a_terminal_that_wipes_no_line_has_no_bar(
    bucket: Bucket, data: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    release = str(data / "planted/ror/2026-10-01/download")
    terminal = Terminal(*command(bucket, ROR, release), environ=PLAIN | environ, cwd=tmp_path)
    assert terminal.exit_code() == 0
    assert terminal.received.replace("\r\n", "\n").splitlines() == logged(bucket, ROR, "download", "transform")


def test_elsewhere_there_is_none_whatever_the_environment_says(bucket: Bucket, data: Path, tmp_path: Path) -> None:
    release = str(data / "planted/ror/2026-10-01/download")
    ended = subprocess.run(
        [sys.executable, "-m", "dmpworks", *command(bucket, ROR, release)],
        env=PLAIN | {"TERM": "xterm", "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr.splitlines() == logged(bucket, ROR, "download", "transform")


def test_the_beginning_of_a_line_waits_for_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"shown before\n")
    with log.open("ab", buffering=0) as out, log.open("rb") as said, screen(said) as shown:
        out.write("one\ntw\u00f6".encode()[:-1])
        shown.show()
        assert capsys.readouterr().err == "one\n"
        out.write("\u00f6".encode()[-1:] + b"\nthr")
        shown.show()
        assert capsys.readouterr().err == "tw\u00f6\n"
        out.write(b"ee")
        shown.show_rest()
        assert capsys.readouterr().err == "three"
