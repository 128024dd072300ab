"""Our standard error while a job runs: what the job says, and on a terminal the bar that it draws below.

The job is handed a descriptor of the terminal and draws there by itself; its standard error is its log. Both write to
one terminal, each a line at a time: a line of the log wipes the bar, which is drawn anew below it some moments later.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console

WIPE = "\r\x1b[2K"  # what stands in the line of the cursor
SHOW_CURSOR = "\x1b[?25h"


class Screen:
    """Shows what is added to a log; on a terminal, `terminal` is its descriptor for a job to draw on."""

    def __init__(self, said: BinaryIO, terminal: int | None) -> None:
        self._said, self.terminal = said, terminal

    def show(self) -> None:
        """Show the lines that were not shown yet; the beginning of one waits for its end."""
        for line in self._said:
            if not line.endswith(b"\n"):
                self._said.seek(-len(line), os.SEEK_CUR)
                break
            self._write(line)

    def show_rest(self) -> None:
        """Show all that was not shown yet: nothing will follow."""
        for line in self._said:
            self._write(line)

    def _write(self, line: bytes) -> None:
        wipe = "" if self.terminal is None else WIPE
        sys.stderr.write(wipe + line.decode(errors="replace"))  # at once: the bar could be drawn in between
        sys.stderr.flush()


@contextmanager
def screen(said: BinaryIO) -> Iterator[Screen]:
    """Give what shows a log from here on; leaves a terminal as it should be, even if the job was killed."""
    said.seek(0, os.SEEK_END)
    if not (sys.stderr.isatty() and Console(stderr=True).is_interactive):  # a dumb terminal wipes no line
        yield Screen(said, None)
        return
    terminal = os.dup(sys.stderr.fileno())
    try:
        yield Screen(said, terminal)
    finally:
        os.close(terminal)
        sys.stderr.write(WIPE + SHOW_CURSOR)
        sys.stderr.flush()
