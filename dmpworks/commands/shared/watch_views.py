"""How a watch is shown: a live table on a terminal, a line a change elsewhere, or a JSON line a look."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TextIO

import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dmpworks.batch.monitor.failures import FailureReport
from dmpworks.batch.monitor.status import JobStatus
from dmpworks.batch.monitor.watch import Snapshot
from dmpworks.formatting import duration, visible

STYLES = {
    "succeeded": "green",
    "running": "bold cyan",
    "starting": "cyan",
    "waiting": "yellow",
    "failed": "bold red",
    "cancelled": "red",
    "forgotten": "red",
}  # what is not named here is dim


class Screen(Protocol):
    """Where a watch is shown."""

    def show(self, snapshot: Snapshot) -> None:
        """Show where the run stands."""

    def say(self, *lines: str) -> None:
        """Say something beside it."""

    def explain(self, reports: Sequence[FailureReport]) -> None:
        """Tell why jobs failed."""

    def close(self) -> None:
        """Leave the last picture as it is."""


def screen(*, as_json: bool, clock: Callable[[], datetime], output: TextIO | None = None) -> Screen:
    """Return the way of showing that fits the output."""
    console = Console(file=output, soft_wrap=True, highlight=False)
    if as_json:
        return JsonLines(output or sys.stdout)
    # a dumb terminal can redraw nothing: it would stay empty until the end
    is_live = console.is_terminal and not console.is_dumb_terminal
    return LiveTable(console, clock) if is_live else Lines(console)


class JsonLines:
    """One JSON object a line: snapshots and failure reports, each with its `event`; words go to stderr."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def show(self, snapshot: Snapshot) -> None:
        """Print the snapshot."""
        self._print(snapshot)

    def say(self, *lines: str) -> None:
        """Print to stderr: words are for people."""
        print(visible("\n".join(lines)), file=sys.stderr)

    def explain(self, reports: Sequence[FailureReport]) -> None:
        """Print each digest."""
        for each in reports:
            self._print(each)

    def close(self) -> None:
        """Do nothing."""

    def _print(self, value: Snapshot | FailureReport) -> None:
        print(json.dumps(msgspec.to_builtins(value)), file=self._output, flush=True)


class Lines:
    """A line a change, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, tuple[str, int, str]] = {}
        self._stuck: str | None = None

    def show(self, snapshot: Snapshot) -> None:
        """Print the rows that have changed, and why a job waits when that has changed."""
        for row in snapshot.rows:
            if self._shown.get(row.job) != (row.status, row.attempts, row.detail):
                self._shown[row.job] = (row.status, row.attempts, row.detail)
                self.say(f"{snapshot.at:%Y-%m-%d %H:%M:%SZ} {snapshot.run} {row.job}: {_status(row)}{_more(row)}")
        if snapshot.stuck and snapshot.stuck.what != self._stuck:
            self.say(*snapshot.stuck.lines())
        self._stuck = snapshot.stuck.what if snapshot.stuck else None

    def say(self, *lines: str) -> None:
        """Print the lines."""
        for line in lines:
            self._console.print(visible(line), markup=False)

    def explain(self, reports: Sequence[FailureReport]) -> None:
        """Print why jobs failed."""
        for each in reports:
            self.say(*each.lines())

    def close(self) -> None:
        """Do nothing."""


class LiveTable:
    """A table that is redrawn every second, so that running times run."""

    def __init__(self, console: Console, clock: Callable[[], datetime]) -> None:
        self._console, self._clock = console, clock
        self._snapshot: Snapshot | None = None
        self._live = Live(console=console, get_renderable=self._draw, refresh_per_second=1, transient=False)
        self._live.start()

    def show(self, snapshot: Snapshot) -> None:
        """Draw the snapshot."""
        self._snapshot = snapshot
        self._live.refresh()

    def say(self, *lines: str) -> None:
        """Print above the table."""
        for line in lines:
            self._console.print(visible(line), markup=False)

    def explain(self, reports: Sequence[FailureReport]) -> None:
        """Print why jobs failed."""
        for each in reports:
            self.say(*each.lines())

    def close(self) -> None:
        """Leave the table as it is."""
        self._live.stop()

    def _draw(self) -> Group:
        if not self._snapshot:
            return Group(Text("asking ..."))
        since = (self._clock() - self._snapshot.at).total_seconds()
        stuck = self._snapshot.stuck
        why = [Text(line, "yellow") for line in stuck.lines()] if stuck else []
        return Group(_table(self._snapshot, max(since, 0)), *why)


def _table(snapshot: Snapshot, since: float) -> Table:
    left = f", about {duration(max(snapshot.remaining - since, 0))} left" if snapshot.remaining else ""
    table = Table(title=f"{snapshot.run}{left if snapshot.code is None else ''}", title_justify="left", box=None)
    for name in ("job", "status", "for", "left", "attempts", "lost"):
        table.add_column(name, justify="left" if name in ("job", "status") else "right")
    table.add_column("")
    for row in snapshot.rows:
        table.add_row(*map(Text, _cells(row, since)), style=STYLES.get(row.status, "dim"))
    return table


def _cells(row: JobStatus, since: float) -> list[str]:
    running = since if row.status == "running" else 0
    elapsed = "" if row.elapsed is None else duration(row.elapsed + (0 if row.over else since))
    left = "" if row.remaining is None or row.over else f"~{duration(max(row.remaining - running, 0))}"
    return [row.job, row.status, elapsed, left, str(row.attempts or ""), str(row.lost or ""), row.detail]


def _status(row: JobStatus) -> str:
    return f"running, attempt {row.attempts}" if row.status == "running" and row.attempts > 1 else row.status


def _more(row: JobStatus) -> str:
    parts = [row.detail] if row.detail else []
    parts += [f"after {duration(row.elapsed)}"] if row.over and row.elapsed is not None else []
    parts += [f"about {duration(row.remaining)} left"] if row.remaining and row.status == "running" else []
    parts += [f"{row.lost} machines lost"] if row.lost else []
    return f" ({', '.join(parts)})" if parts else ""
