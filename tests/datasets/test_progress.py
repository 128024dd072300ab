"""How far a transform is: a bar on a terminal, a line now and then elsewhere, a line at the end."""

import contextlib
import gzip
import io
import os
import pty
import re
import sys
import termios
import time
from collections.abc import Callable

import pytest
from rich.console import Console

from dmpworks.datasets.progress import Meter, Progress, console, show_progress
from dmpworks.errors import TransformError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.sample import lines
from tests.datasets.test_transform import put, run_it


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_figures() -> None:
    clock = Clock()
    progress = Progress(4, 8_000_000, clock)
    assert str(progress) == "0 of 4 files, 0.0 MB/s"
    clock.now += 10
    progress.add(2_000_000, 50_000)
    assert str(progress) == "1 of 4 files, 5,000 rows/s, 0.2 MB/s, 0:00:30 left"
    clock.now += 90
    progress.add(5_000_000, 0)
    assert str(progress) == "2 of 4 files, 500 rows/s, 0.1 MB/s, 0:00:14 left"
    progress.add(500_000, 0)
    progress.add(500_000, 50_000)
    assert str(progress) == "4 of 4 files, 1,000 rows/s, 0.1 MB/s"


def test_a_line_now_and_then_where_there_is_no_terminal() -> None:
    said: list[str] = []
    progress = Progress(2, 20)
    with show_progress(progress, said.append, Console(file=io.StringIO()), every=0.01) as add:
        while not said:
            time.sleep(0.001)
        add(10, 5)
        told = len(said)
        while len(said) < told + 2:
            time.sleep(0.001)
        add(10, 5)
    assert said[0].startswith("0 of 2 files, 0.0 MB/s")
    assert said[-2].startswith("1 of 2 files, ") and said[-2].endswith(" left")
    assert said[-1].startswith("2 of 2 files, ")
    told = len(said)
    time.sleep(0.05)
    assert len(said) == told


def test_no_line_comes_after_a_failure() -> None:
    said: list[str] = []
    with (
        pytest.raises(ZeroDivisionError),
        show_progress(Progress(2, 20), said.append, Console(file=io.StringIO()), every=0.01),
    ):
        raise ZeroDivisionError
    time.sleep(0.05)
    assert said == []


def test_a_bar_on_a_terminal() -> None:
    said: list[str] = []
    screen = io.StringIO()
    progress = Progress(2, 20)
    with show_progress(progress, said.append, Console(file=screen, force_terminal=True, width=120), every=0.01) as add:
        add(10, 5)
        time.sleep(0.3)
        assert said == []
    assert "1 of 2 files, " in screen.getvalue() and "━" in screen.getvalue() and " left" in screen.getvalue()
    assert len(said) == 1


def test_a_bar_of_what_has_no_size_before_it_comes() -> None:
    screen, progress = io.StringIO(), Progress(1, 0)
    console = Console(file=screen, force_terminal=True, width=120)
    with show_progress(progress, print, console, every=0.01) as add:
        Meter(progress, add).expect(20)
        add(10, 0, 0)
        time.sleep(0.3)
    assert re.search("[╸╺]", screen.getvalue())  # where the half that is done ends
    assert " left" in screen.getvalue()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_transform_says_how_it_went(
    bucket: Bucket, make_run: Callable[..., Run], capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    parts = put(bucket, a=gzip.compress(lines(3)), b=gzip.compress(lines(2, 3)))
    run_it(make_run(bucket, "things", "transform"), parts, workers)
    run_it(make_run(bucket, "things", "transform"), parts, workers)
    first, again = capsys.readouterr().err.splitlines()
    assert first.startswith("things transform: 2 of 2 files, ") and " rows/s, " in first and " MB/s" in first
    assert again == "things transform: 2 of 2 files were finished by an earlier execution"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_failed_is_not_done(
    bucket: Bucket, make_run: Callable[..., Run], capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    parts = put(bucket, a=gzip.compress(lines(3)), b=b"no gzip")
    with pytest.raises(TransformError, match="1 of 2 files could not be transformed"):
        run_it(make_run(bucket, "things", "transform"), parts, workers)
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("things transform: 1 of 2 files, ") and not told.endswith(" left")


def test_on_a_terminal_beside_a_log_each_has_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    ours, given = pty.openpty()
    termios.tcsetwinsize(ours, (24, 60))
    said: list[str] = []
    with show_progress(Progress(2, 20), said.append, console(given), every=0.01) as add:
        add(10, 5)
        print("for the log", file=sys.stderr)
        while len(said) < 2:
            time.sleep(0.001)
    os.close(given)
    drawn = ""
    with contextlib.suppress(OSError):  # the end of what a terminal received
        while piece := os.read(ours, 65536):
            drawn += piece.decode()
    os.close(ours)
    assert said[-1].startswith("1 of 2 files, ")
    assert capsys.readouterr() == ("", "for the log\n")
    assert "for the log" not in drawn
    assert "━" in drawn and "1 of 2 files, " in drawn
    longest = max(len(text) for text in re.split(r"[\r\n]+", re.sub(r"\x1b\[[?\d;]*\w", "", drawn)))
    assert longest == 58  # two columns stay free for ^C
