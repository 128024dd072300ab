"""Our standard error during a job: the lines of its log, and on a terminal its progress bar below them.

The job inherits a descriptor of the terminal and draws its bar there; its standard error is its log file. Both write to
one terminal, a line at a time: a line of the log erases the bar, which is redrawn below it shortly after.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rich.console import Console

from dmpworks.formatting import visible

ERASE_LINE = "\r\x1b[2K"
SHOW_CURSOR = "\x1b[?25h"


class Screen:
    """Shows lines appended to a log; `terminal` is the descriptor that a job may draw on, None without a terminal."""

    def __init__(self, log: BinaryIO, terminal: int | None) -> None:
        self._log, self.terminal = log, terminal

    def show(self) -> None:
        """Show the complete lines not shown yet; a partial line waits for its end."""
        for line in self._log:
            if not line.endswith(b"\n"):
                self._log.seek(-len(line), os.SEEK_CUR)
                break
            self._write(line)

    def show_rest(self) -> None:
        """Show everything not shown yet, at the end of the log."""
        for line in self._log:
            self._write(line)

    def _write(self, line: bytes) -> None:
        erase = "" if self.terminal is None else ERASE_LINE
        sys.stderr.write(
            erase + visible(line.decode(errors="replace"))
        )  # in one call: the job may draw its bar in between
        sys.stderr.flush()


@contextmanager
def screen(log: BinaryIO) -> Iterator[Screen]:
    """Yield a screen that shows a log from its present end; restores the terminal, even if the job was killed."""
    log.seek(0, os.SEEK_END)
    if not (sys.stderr.isatty() and Console(stderr=True).is_interactive):  # a dumb terminal cannot erase a line
        yield Screen(log, None)
        return
    terminal = os.dup(sys.stderr.fileno())
    try:
        yield Screen(log, terminal)
    finally:
        os.close(terminal)
        sys.stderr.write(ERASE_LINE + SHOW_CURSOR)
        sys.stderr.flush()
