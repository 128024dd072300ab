"""How far a download or a transform is: a bar on a terminal, a line every 30 s elsewhere, so in every log."""

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

EVERY = 30.0  # seconds between two lines


class Progress:
    """Files, rows and bytes that are done, and what follows for the time left."""

    def __init__(self, files: int, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.files, self.size = files, size
        self.files_done = self.size_done = self.rows = 0
        self._clock, self._began = clock, clock()

    def add(self, size: int, rows: int = 0, files: int = 1) -> None:
        """Count one file of so many bytes that gave so many rows; or with `files` 0 some bytes of it."""
        self.files_done += files
        self.size_done += size
        self.rows += rows

    def expect(self, size: int) -> None:
        """Count on so many bytes more: those of a file whose size has only now been told."""
        self.size += size

    def __str__(self) -> str:
        seconds = max(self._clock() - self._began, 1e-3)
        told = f"{self.files_done:,} of {self.files:,} files"
        told += f", {self.rows / seconds:,.0f} rows/s" if self.rows else ""
        told += f", {self.size_done / seconds / 1e6:,.1f} MB/s"
        left = self.size - self.size_done
        if left <= 0 or not self.size_done:
            return told
        return f"{told}, {timedelta(seconds=round(left * seconds / self.size_done))} left"


Add = Callable[..., None]


def console(terminal: int | None) -> Console:
    """Return where a bar is to be drawn: the terminal of this descriptor, by default standard error."""
    return _Own(stderr=True) if terminal is None else _Given(file=os.fdopen(terminal, "w", closefd=False))


class _Own(Console):
    """Our standard error; two columns stay free for the ^C that a terminal shows: it must not get onto a new line."""

    def _measured(self) -> tuple[int, int]:
        return super().size

    @property  # type: ignore[misc]  # of a Console it can be set as well
    def size(self) -> ConsoleDimensions:
        """The size that can be drawn on, as it is now; a terminal that does not know it says 0."""
        columns, lines = self._measured()
        return ConsoleDimensions((columns or 80) - 2, lines or 25)


class _Given(_Own):
    """Another terminal than our standard error, which is a log; the standard streams do not tell its size."""

    def _measured(self) -> tuple[int, int]:
        return os.get_terminal_size(self.file.fileno())


class _Stopped(Exception):
    """The job was interrupted: what is under way is given up."""


class Meter:
    """Counts, from many threads, what files under way bring."""

    def __init__(self, progress: Progress, add: Add) -> None:
        self._progress, self._add = progress, add
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.files_found = 0

    def moved(self, size: int) -> None:
        """Count bytes of a file (fewer than none when thrown away); once the job is interrupted, ends the thread."""
        if self._stop.is_set():
            raise _Stopped
        with self._lock:
            self._add(size, 0, 0)

    def expect(self, size: int) -> None:
        """Take in the size of a file whose listing does not state it."""
        with self._lock:
            self._progress.expect(size)

    def found(self, size: int) -> None:
        """Count a file that was there already."""
        with self._lock:
            self.files_found += 1
            self._add(size, 0, 0)

    def end(self) -> None:
        """Give up what is under way."""
        self._stop.set()


@contextmanager
def shown(progress: Progress, say: Callable[[str], None], console: Console, every: float = EVERY) -> Iterator[Add]:
    """Yield what counts a file's bytes and rows; shows meanwhile how it goes, and says at the end how it was."""
    drawn = console.is_interactive
    with ExitStack() as shows:
        if not drawn or isinstance(console, _Given):  # what is said goes to a log
            shows.enter_context(_lines(progress, say, every))
        yield shows.enter_context(_bar(progress, console)) if drawn else progress.add
    say(str(progress))


@contextmanager
def _lines(progress: Progress, say: Callable[[str], None], every: float) -> Iterator[None]:
    over = threading.Event()

    def tell() -> None:
        while not over.wait(every):
            say(str(progress))

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _bar(progress: Progress, console: Console) -> Iterator[Add]:
    own = not isinstance(console, _Given)  # else what goes to standard error is for a log, not for the terminal
    with Bar(
        BarColumn(None, table_column=Column(ratio=1)),
        _Figures(progress),
        console=console,
        expand=True,
        transient=True,
        redirect_stdout=own,
        redirect_stderr=own,
    ) as bar:
        shown = bar.add_task("", total=progress.size or None)  # without total it moves to and fro

        def add(size: int, rows: int = 0, files: int = 1) -> None:
            progress.add(size, rows, files)
            bar.update(shown, total=progress.size or None, completed=progress.size_done)

        yield add


class _Figures(ProgressColumn):
    """The text beside the bar."""

    def __init__(self, progress: Progress) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))  # one line, however narrow
        self._progress = progress

    def render(self, task: Task) -> Text:
        """Return the figures as they are now."""
        return Text(str(self._progress))
