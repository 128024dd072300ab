"""The process pool: every piece is worked on, every failure comes back, a lost worker included."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dmpworks.errors import TransformError
from dmpworks.workers import run_pieces


def double(piece: int) -> int:
    if piece == 3:
        raise TransformError("three is odd", on=str(piece), next="leave it out")
    return 2 * piece


def die(piece: int) -> int:
    if piece == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece


def bug(piece: int) -> int:
    raise ZeroDivisionError(piece)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_in_order_and_failures_beside_them(processes):
    seen = []
    results, failed = run_pieces(
        double, [1, 2, 3, 4], processes, done=lambda piece, outcome: seen.append((piece, outcome))
    )
    assert results == [2, 4, 8]
    assert [(one.piece, one.reason, one.next) for one in failed] == [(3, "three is odd (3)", "leave it out")]
    assert sorted(seen) == [(1, 2), (2, 4), (3, failed[0]), (4, 8)]


def test_a_lost_worker_is_a_failure_not_a_silence():
    results, failed = run_pieces(die, [1, 2, 3], 2)
    assert 2 in [failure.piece for failure in failed]
    assert len(results) + len(failed) == 3
    assert "a worker process died" in failed[0].reason


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bug_is_raised(processes):
    with pytest.raises(ZeroDivisionError):
        run_pieces(bug, [1, 2], processes)


def test_nothing_to_do():
    assert run_pieces(double, [], 0) == ([], [])


SLEEPERS = """
import os, sys, time
from pathlib import Path
from dmpworks.workers import run_pieces

def sleep(folder):
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(60)

if __name__ == "__main__":
    run_pieces(sleep, [sys.argv[1]] * 4, 2)
"""


def alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(answer, seconds=20):
    until = time.monotonic() + seconds
    while not answer() and time.monotonic() < until:
        time.sleep(0.02)
    return answer()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_their_parent_at_once(how, tmp_path):
    (tmp_path / "sleepers.py").write_text(SLEEPERS)
    (tmp_path / "pids").mkdir()
    parent = subprocess.Popen([sys.executable, tmp_path / "sleepers.py", tmp_path / "pids"], stderr=subprocess.DEVNULL)
    assert wait_for(lambda: len(list((tmp_path / "pids").iterdir())) == 2)
    parent.send_signal(how)
    assert parent.wait(20) != 0
    workers = [int(path.name) for path in (tmp_path / "pids").iterdir()]
    assert wait_for(lambda: not any(alive(pid) for pid in workers))
