"""Tables and lines for people: rich on a terminal, aligned plain text elsewhere, so that `grep` and `cut` can work."""

import json
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
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


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[str] = (),
    whole: Collection[str] = (),
    optional: Sequence[str] = (),
) -> list[str]:
    """Print a table and return its columns: a terminal that is too narrow lacks `optional` ones, the first named first.

    The columns in `right` are aligned to the right; those in `whole` are never broken, and neither is the first: it is
    a name, to be copied.
    """
    console, cells = _console(), [dict(zip(columns, row, strict=True)) for row in rows]
    for dropped in range(len(optional) + 1):
        shown = [column for column in columns if column not in optional[:dropped]]
        table = _table(shown, cells, right, {columns[0], *whole}, console.is_terminal)
        if console.measure(table, options=console.options.update_width(WIDE)).maximum <= console.width:
            break
    console.print(table)
    return shown


def _table(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, str]],
    right: Collection[str],
    whole: Collection[str],
    is_terminal: bool,
) -> Table:
    # two spaces between columns either way: a box brings one of its own
    box, space = (SIMPLE_HEAD, 1) if is_terminal else (None, 2)
    table = Table(box=box, pad_edge=False, show_edge=False, padding=(0, space, 0, 0))
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        table.add_column(column, justify=justify, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*(Text(visible(row[column]), STYLES.get(row[column], "")) for column in columns))
    return table


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
