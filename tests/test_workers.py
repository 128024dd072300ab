"""The process pool: every piece is worked on, every failure comes back, a lost worker included."""

import os
import signal

import pytest

from dmpworks.errors import TransformError
from dmpworks.workers import Failed, run_pieces


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
        double, [1, 2, 3, 4], processes, done=lambda number, total: seen.append((number, total))
    )
    assert results == [2, 4, 8]
    assert failed == [Failed(3, "three is odd (3)")]
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_lost_worker_is_a_failure_not_a_silence():
    results, failed = run_pieces(die, [1, 2, 3], 2)
    assert 2 in [failure.piece for failure in failed]
    assert len(results) + len(failed) == 3
    assert "the worker process was lost" in failed[0].reason


@pytest.mark.parametrize("processes", [1, 2])
def test_a_bug_is_raised(processes):
    with pytest.raises(ZeroDivisionError):
        run_pieces(bug, [1, 2], processes)


def test_nothing_to_do():
    assert run_pieces(double, [], 0) == ([], [])
