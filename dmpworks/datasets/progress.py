"""Progress of a download or a transform: a bar on a terminal, and a line every 30 s in logs."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from rich.console import Console, ConsoleDimensions
from rich.progress import BarColumn, ProgressColumn, Task
from rich.progress import Progress as Bar
from rich.table import Column
from rich.text import Text

INTERVAL = 30.0  # seconds between two lines


class Progress:
    """Files, rows and bytes done so far, and the estimated time left."""

    def __init__(self, files: int, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.files, self.size = files, size
        self.files_done = self.size_done = self.rows = 0
        self._clock, self._began = clock, clock()

    def add(self, size: int, rows: int = 0, files: int = 1) -> None:
        """Count one file with its bytes and rows; with `files=0`, count bytes of a file that is not complete yet."""
        self.files_done += files
        self.size_done += size
        self.rows += rows

    def expect(self, size: int) -> None:
        """Add the bytes of a file whose size has only now become known."""
        self.size += size

    def __str__(self) -> str:
        seconds = max(self._clock() - self._began, 1e-3)
        text = f"{self.files_done:,} of {self.files:,} files"
        text += f", {self.rows / seconds:,.0f} rows/s" if self.rows else ""
        text += f", {self.size_done / seconds / 1e6:,.1f} MB/s"
        left = self.size - self.size_done
        if left <= 0 or not self.size_done:
            return text
        return f"{text}, {timedelta(seconds=round(left * seconds / self.size_done))} left"


Add = Callable[..., None]  # Progress.add, with the bar redrawn where there is one


def console(terminal: int | None) -> Console:
    """Return the console for the bar: the terminal of this file descriptor, by default standard error."""
    return (
        _StandardError(stderr=True)
        if terminal is None
        else _OtherTerminal(file=os.fdopen(terminal, "w", closefd=False))
    )


class _StandardError(Console):
    """Standard error as a terminal; two columns stay free so that the ^C of an interrupt does not wrap the line."""

    log_is_separate = False  # log lines and the bar share one stream

    def _measured(self) -> tuple[int, int]:
        return super().size

    @property  # type: ignore[misc]  # Console has a setter too
    def size(self) -> ConsoleDimensions:
        """The usable size now; a terminal that does not know its size reports 0."""
        columns, lines = self._measured()
        return ConsoleDimensions((columns or 80) - 2, lines or 25)


class _OtherTerminal(_StandardError):
    """A terminal other than standard error, which is then a log; its size must be asked for by descriptor."""

    log_is_separate = True

    def _measured(self) -> tuple[int, int]:
        return os.get_terminal_size(self.file.fileno())


class _StoppedError(Exception):
    """The job was interrupted: the transfer in this thread is abandoned."""


class Meter:
    """Counts bytes and files from many threads."""

    def __init__(self, progress: Progress, add: Add) -> None:
        self._progress, self._add = progress, add
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.files_reused = 0

    def moved(self, size: int) -> None:
        """Count received bytes (negative if they were discarded); after an interrupt, raise to end the thread."""
        if self._stop.is_set():
            raise _StoppedError
        with self._lock:
            self._add(size, 0, 0)

    def expect(self, size: int) -> None:
        """Add the size of a file whose listing does not state it."""
        with self._lock:
            self._progress.expect(size)

    def reused(self, size: int) -> None:
        """Count a file that was in the bucket already."""
        with self._lock:
            self.files_reused += 1
            self._add(size, 0, 0)

    def end(self) -> None:
        """Abandon all transfers."""
        self._stop.set()


@contextmanager
def show_progress(
    progress: Progress, say: Callable[[str], None], console: Console, every: float = INTERVAL
) -> Iterator[Add]:
    """Yield the function that counts bytes and rows; show the progress meanwhile, and log the final figures."""
    has_bar = console.is_interactive
    with ExitStack() as stack:
        if not has_bar or _log_is_separate(console):
            stack.enter_context(_lines(progress, say, every))
        yield stack.enter_context(_bar(progress, console)) if has_bar else progress.add
    say(str(progress))


def _log_is_separate(console: Console) -> bool:
    return getattr(console, "log_is_separate", False)


@contextmanager
def _lines(progress: Progress, say: Callable[[str], None], every: float) -> Iterator[None]:
    over = threading.Event()

    def log() -> None:
        while not over.wait(every):
            say(str(progress))

    thread = threading.Thread(target=log, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _bar(progress: Progress, console: Console) -> Iterator[Add]:
    same_terminal = not _log_is_separate(console)
    with Bar(
        BarColumn(None, table_column=Column(ratio=1)),
        _Figures(progress),
        console=console,
        expand=True,
        transient=True,
        redirect_stdout=same_terminal,
        redirect_stderr=same_terminal,
    ) as bar:
        task = bar.add_task("", total=progress.size or None)  # without a total the bar pulses

        def add(size: int, rows: int = 0, files: int = 1) -> None:
            progress.add(size, rows, files)
            bar.update(task, total=progress.size or None, completed=progress.size_done)

        yield add


class _Figures(ProgressColumn):
    """The column of figures beside the bar."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))  # always one line
        self._progress = progress

    def render(self, task: Task) -> Text:
        """Return the current figures."""
        return Text(str(self._progress))
