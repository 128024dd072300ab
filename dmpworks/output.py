"""Standard output that reports a full disk, ends quietly with its reader, and never fails at a letter."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from dmpworks.errors import JobError


class ReaderGone(Exception):
    """The reader of standard output has closed it, as `| head` does."""


class Output(io.TextIOWrapper):
    """A text stream whose failures are ReaderGone or a JobError; what was not written is dropped."""

    # BrokenPipeError does not leave here: rich ends the process at one, and `failed:` would be lost

    def write(self, text: str) -> int:
        """Write a text; letters that the encoding lacks become `?`."""
        with self._failures_translated():
            return super().write(text)

    def flush(self) -> None:
        """Write what is buffered."""
        with self._failures_translated():
            super().flush()

    @contextmanager
    def _failures_translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            discard(self)
            if isinstance(error, BrokenPipeError):
                raise ReaderGone from error
            raise JobError(
                "the output could not be written",
                on=f"standard output: {error.strerror}",
                next="write it to another place; what the command did besides is done",
            ) from error


def use_safe_output() -> None:
    """Replace the standard output of the process by one whose failures are reported; others' streams stay."""
    stdout, belongs_to_process = sys.stdout, sys.stdout is sys.__stdout__
    if not stdout or not belongs_to_process:  # there is none without a console
        return
    buffer = open(stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 - lives as long as the process
    sys.stdout = Output(buffer, stdout.encoding, errors="replace", line_buffering=bool(stdout.line_buffering))


def discard(stream: TextIO) -> None:
    """Send what is still buffered, and all that follows, nowhere: else it would fail once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
