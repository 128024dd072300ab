"""Reads the file names of the data file: the months, their parts, and gaps among them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from dmpworks.errors import JobError, first_few

LINES, CSV = ".jsonl.gz", ".csv.gz"
_MONTH = re.compile(r"(?:^|/)updated_(\d{4}-\d{2})/")
_PART = re.compile(r"/part_(\d+)(?:-[0-9a-f]{8})?\.jsonl\.gz$")  # in our bucket with the token of the run


def month(name: str) -> str | None:
    """Return the month (YYYY-MM) of a file; None if its path has none."""
    match = _MONTH.search(name)
    return match[1] if match else None


def check_whole(names: Iterable[str], where: str, failure: type[JobError], next: str) -> None:
    """Raise `failure` if a month lacks a part, or lacks its CSV while others have one, or has a file twice.

    A copy without any CSV is a user's own selection, which is not checked.
    """
    parts, tables = defaultdict(list), Counter[str]()
    for name in names:
        of = month(name)
        if of and name.endswith(CSV):
            tables[of] += 1
        elif of and name.endswith(LINES):
            parts[of].append(name)
    if not tables:
        return
    if wrong := [*_csv_gaps(parts, tables), *(gap for of in sorted(parts) for gap in _part_gaps(of, parts[of]))]:
        on = f"{where}: {first_few(wrong, between=', ')}"
        raise failure("DataCite's monthly data file is not complete", on=on, next=next)


def _csv_gaps(parts: Iterable[str], tables: Counter[str]) -> Iterator[str]:
    for of in sorted({*parts, *tables}):
        if tables[of] != 1:
            yield f"{of}: its CSV is {_presence(tables[of])}"


def _part_gaps(month: str, names: Iterable[str]) -> Iterator[str]:
    """Yield the numbers that are missing or repeated between the first and the last part.

    First and last numbers are not stated anywhere; a missing part there is found by the number of records in the CSV.
    """
    numbers = Counter(int(match[1]) for match in map(_PART.search, names) if match)
    for number in range(min(numbers, default=0), max(numbers, default=-1) + 1):
        if numbers[number] != 1:
            yield f"{month}: part_{number:04} is {_presence(numbers[number])}"


def _presence(times: int) -> str:
    return f"present {times} times" if times else "missing"
