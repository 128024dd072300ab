"""The only process pool of dmpworks: it processes every piece and returns every failure."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Generic, NamedTuple, TypeVar

from dmpworks.errors import DmpworksError, JobError

T = TypeVar("T")
R = TypeVar("R")


class Failed(NamedTuple, Generic[T]):
    """A piece that failed, and the error it failed with."""

    piece: T
    error: DmpworksError

    @property
    def reason(self) -> str:
        """The reason of the failure, in one line."""
        return f"{self.error.what} ({self.error.on})"

    @property
    def next(self) -> str:
        """What to do next."""
        return self.error.next


def run_pieces(
    function: Callable[[T], R],
    pieces: Sequence[T],
    processes: int,
    done: Callable[[T, R | Failed[T]], None] = lambda piece, outcome: None,
) -> tuple[list[R], list[Failed[T]]]:
    """Apply a function to every piece and return the results in the order of the pieces, and the failures.

    `processes` 0 means one per core; a single process or piece runs in this process. A failure does not stop other
    pieces. Only DmpworksErrors and a lost worker count as failures of a piece; any other exception is a bug and is
    raised. `done` receives each piece and its result, in the order of completion.
    """
    processes = min(processes or os.cpu_count() or 1, len(pieces))
    outcomes = _run_here(function, pieces, done) if processes <= 1 else _run_in_pool(function, pieces, processes, done)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Failed)], failed


def _run_here(
    function: Callable[[T], R], pieces: Sequence[T], done: Callable[[T, R | Failed[T]], None]
) -> list[R | Failed[T]]:
    outcomes: list[R | Failed[T]] = []
    for piece in pieces:
        outcomes.append(_attempt(function, piece))
        done(piece, outcomes[-1])
    return outcomes


def _attempt(function: Callable[[T], R], piece: T) -> R | Failed[T]:
    try:
        return function(piece)
    except DmpworksError as error:
        return Failed(piece, error)


def _run_in_pool(
    function: Callable[[T], R], pieces: Sequence[T], processes: int, done: Callable[[T, R | Failed[T]], None]
) -> list[R | Failed[T]]:
    # spawn, not fork: Arrow, DuckDB and obstore hold threads that do not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_follow_parent) as pool:
        try:
            futures = {pool.submit(_attempt, function, piece): piece for piece in pieces}
            for future in as_completed(futures):
                if future.exception() is None:
                    done(futures[future], future.result())
        except KeyboardInterrupt:  # without this the pool would first process all pieces
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.kill()
            raise
        return [_outcome(future, piece) for future, piece in futures.items()]


def _follow_parent() -> None:
    """Ignore Ctrl-C, which the parent handles, and exit with the parent even if it is killed: else workers remain."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)


def _outcome(future: "Future[R | Failed[T]]", piece: T) -> R | Failed[T]:
    try:
        return future.result()
    except BrokenProcessPool as error:
        reason = traceback.format_exception_only(error)[-1].strip()
        lost = JobError(
            "a worker process died, usually because it ran out of memory",
            on=reason,
            next="run the job again with fewer workers, or with more memory",
        )
        return Failed(piece, lost)
