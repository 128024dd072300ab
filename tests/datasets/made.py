"""What a dataset's `columns` makes of records, as rows that a test can compare."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import BatchResult, Columns


def rows(made: BatchResult, kind: type[NamedTuple]) -> list[Any]:
    """Return the rows of a batch, checked against the schema."""
    made.rows.validate(full=True)
    hints = get_type_hints(kind)
    return [kind(**{name: _value(value, hints[name]) for name, value in row.items()}) for row in made.rows.to_pylist()]


def _value(value: Any, hint: Any) -> Any:
    if get_origin(hint) is list and isinstance(value, list):
        (element,) = get_args(hint)
        return [element(**one) if isinstance(one, dict) else one for one in value]
    return value


class OneByOne:
    """A dataset's `columns` as a function of one record: its row, or the reason why it is dropped."""

    def __init__(self, columns: Columns, kind: Any) -> None:
        self._columns, self._kind = columns, kind

    def __call__(self, record: Any, subset: Subset | None, notes: Counter[str]) -> Any:
        made = self._columns([record], subset, notes)
        found: Sequence[Any] = rows(made, self._kind)
        reasons = list(made.dropped.elements())
        (outcome,) = [*found, *reasons]
        return outcome
