"""What the names of the data file's files tell: the months, their parts, and what is missing among them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from dmpworks.errors import JobError, first_few

LINES, CSV = ".jsonl.gz", ".csv.gz"
_MONTH = re.compile(r"(?:^|/)updated_(\d{4}-\d{2})/")
_PART = re.compile(r"/part_(\d+)(?:-[0-9a-f]{8})?\.jsonl\.gz$")  # in the bucket with the token of the run


def month(name: str) -> str | None:
    """Return the month that a file belongs to."""
    found = _MONTH.search(name)
    return found[1] if found else None


def check_whole(names: Iterable[str], where: str, failure: type[JobError], next: str) -> None:
    """Raise the failure when a month lacks a part, or its CSV while others have one, or when one is there twice.

    A copy without any CSV is somebody's own, and holds what they chose.
    """
    parts, tables = defaultdict(list), Counter[str]()
    for name in names:
        found = month(name)
        if found and name.endswith(CSV):
            tables[found] += 1
        elif found and name.endswith(LINES):
            parts[found].append(name)
    if not tables:
        return
    if wrong := [*_csv_gaps(parts, tables), *(gap for one in sorted(parts) for gap in _part_gaps(one, parts[one]))]:
        on = f"{where}: {first_few(wrong, between=', ')}"
        raise failure("DataCite's monthly data file is not whole", on=on, next=next)


def _csv_gaps(parts: Iterable[str], tables: Counter[str]) -> Iterator[str]:
    for one in sorted({*parts, *tables}):
        if tables[one] != 1:
            yield f"{one}: its CSV is {_how(tables[one])}"


def _part_gaps(month: str, names: Iterable[str]) -> Iterator[str]:
    """Parts are numbered one by one; where the numbers begin and end nobody states, the CSV states the records."""
    held = Counter(int(found[1]) for found in map(_PART.search, names) if found)
    for number in range(min(held, default=0), max(held, default=-1) + 1):
        if held[number] != 1:
            yield f"{month}: part_{number:04} is {_how(held[number])}"


def _how(times: int) -> str:
    return f"there {times} times" if times else "missing"
