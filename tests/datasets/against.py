"""Compares a dataset's `columns` with a reference in plain Python that makes one row of one decoded record."""

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from dmpworks.datasets.reading.json_lines import Batch, Undecoded, read_lines
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import LENIENT, Columns, by_row

Row = Callable[[Any, Subset | None, Counter[str]], Any]


class Against:
    """Both ways from lines to rows."""

    def __init__(self, reference: tuple[type, Row], made: tuple[type, Columns], schema: pa.Schema) -> None:
        self._reference, self._made, self._schema = reference, made, schema

    def check(self, lines: list[bytes], subset: Subset | None = None, undecoded: Undecoded[Any] | None = None) -> None:
        """Compare what becomes of lines: rows, dropped and bad ones, notes."""
        kind, row = self._reference
        expected = read(lines, kind)
        found = read(lines, self._made[0], undecoded)
        assert [(bad.line, bad.raw) for bad in found.bad] == [(bad.line, bad.raw) for bad in expected.bad]
        # How many were read leniently may differ: what nobody looked at before may be odd, too.
        notes: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        rows = by_row(self._schema, row)(expected.records, subset, notes[0])
        made = self._made[1](found.records, subset, notes[1])
        del notes[1][LENIENT]
        assert made.dropped == rows.dropped
        assert notes[1] == +notes[0]  # the reference also counts zeros
        made.rows.validate(full=True)
        assert made.rows.to_pylist() == rows.rows.to_pylist()


def read(lines: list[bytes], kind: type, undecoded: Undecoded[Any] | None = None) -> Batch[Any]:
    """Return what is read of lines in one batch."""
    (batch,) = read_lines(io.BytesIO(b"\n".join(lines)), kind, "a test", undecoded)
    return batch
