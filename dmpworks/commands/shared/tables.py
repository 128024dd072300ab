"""Tables and lines for people: rich on a terminal, aligned plain text elsewhere, so that `grep` and `cut` can work."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from dmpworks.formatting import visible

STYLES = {
    "succeeded": "green",
    "running": "bold cyan",
    "failed": "bold red",
    "cancelled": "yellow",
    "incomplete": "yellow",
    "unreadable": "bold red",
}
WIDE = 100_000  # columns: what is no terminal is never too narrow


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = ()) -> None:
    """Print a table; the columns named in `right` are aligned to the right."""
    console = _console()
    # two spaces between columns either way: a box brings one of its own
    box, space = (SIMPLE_HEAD, 1) if console.is_terminal else (None, 2)
    table = Table(box=box, pad_edge=False, show_edge=False, padding=(0, space, 0, 0))
    aligned = set(right)
    for place, column in enumerate(columns):  # the first is a name, to be copied: never broken
        justify: JustifyMethod = "right" if column in aligned else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(visible(cell), STYLES.get(cell, "")) for cell in row))
    console.print(table)


def print_lines(*lines: str) -> None:
    """Print lines of text as they are."""
    for line in lines:
        print(visible(line))


def wrapped(label: str, text: str) -> list[str]:
    """Return a labelled text as lines that fit the terminal (80 columns elsewhere), indented below its label."""
    width = max(shutil.get_terminal_size().columns, 2 * len(label))
    return textwrap.wrap(
        f"{label}{text}",
        width,
        subsequent_indent=" " * len(label),
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_json(value: Any) -> None:
    """Print a value as JSON, in ASCII: no encoding of standard output can change it."""
    print(json.dumps(msgspec.to_builtins(value), indent=2))


def _console() -> Console:
    if sys.stdout and sys.stdout.isatty():
        return Console(highlight=False)
    return Console(width=WIDE, highlight=False, color_system=None)
