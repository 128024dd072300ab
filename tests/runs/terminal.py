"""A terminal of the system (a pty) with a command in its foreground: what it received, and what stands on it."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

WIDTH = 300  # wider than any line, so that none is continued on the next
TOKEN = re.compile(r"\x1b\[([?\d;]*)([A-Za-z])|[^\x1b]")
PATIENCE = 60.0


class Terminal:
    """Runs `dmpworks ARGUMENTS` as a person does who sits before it."""

    def __init__(self, *arguments: str, environ: Mapping[str, str], cwd: Path) -> None:
        self.pid, self._master = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
            os.chdir(cwd)
            os.execve(sys.executable, [sys.executable, "-m", "dmpworks", *arguments], {"TERM": "xterm", **environ})
        self._pieces: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while piece := os.read(self._master, 65536):
                self._pieces.append(piece)
        except OSError:  # the last process has let go of it
            return

    @property
    def received(self) -> str:
        """All that was written to it; half a letter, or half of what steers it, may be on its way."""
        return b"".join(self._pieces).decode(errors="ignore")

    def wait_until(self, right: Callable[[list[str]], bool]) -> None:
        """Wait until what stands on it is right."""
        until = time.monotonic() + PATIENCE
        while not right(self.lines()):
            assert time.monotonic() < until, self.lines()
            time.sleep(0.02)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def exit_code(self) -> int:
        """Wait for the command's end."""
        self._reader.join(PATIENCE)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._master)
        return os.waitstatus_to_exitcode(status)

    def lines(self) -> list[str]:
        """Return what stands on it, without empty lines at its end."""
        rows, row, column = [""], 0, 0
        for token in TOKEN.finditer(self.received):
            match token[0], token[2]:
                case "\r", _:
                    column = 0
                case "\n", _:
                    row += 1
                    rows += [""] * (row == len(rows))
                case _, "A":
                    row -= int(token[1] or 1)
                case _, "K":
                    assert token[1] == "2"
                    rows[row] = ""
                case text, None:
                    rows[row] = rows[row][:column].ljust(column) + text + rows[row][column + 1 :]
                    column += 1
        return "\n".join(rows).rstrip("\n").split("\n")

    @property
    def has_cursor(self) -> bool:
        """Whether the cursor is to be seen."""
        return self.received.rfind("\x1b[?25h") >= self.received.rfind("\x1b[?25l")
