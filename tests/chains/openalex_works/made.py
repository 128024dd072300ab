"""What the transform makes of a published file, as rows that a test can compare."""

from collections import Counter
from pathlib import Path
from typing import Any

from dmpworks.chains.openalex_works.reading import read
from dmpworks.chains.openalex_works.records import columns
from dmpworks.chains.openalex_works.schema import SCHEMA, Row
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Award, Party
from dmpworks.datasets.transform.dataset import BatchResult, Part
from dmpworks.jobs.run import File

NESTED = {"authors": Person, "institutions": Party, "funders": Party, "awards": Award}


def rows(made: BatchResult) -> list[Row]:
    """Return the rows of a batch, checked against the schema."""
    made.rows.validate(full=True)
    assert made.rows.schema == SCHEMA
    return [Row(**{name: _value(name, value) for name, value in row.items()}) for row in made.rows.to_pylist()]


def _value(name: str, value: Any) -> Any:
    return [NESTED[name](**one) for one in value] if name in NESTED else value


class Transformed:
    """The rows of a file, how many records were dropped, and what was noted."""

    def __init__(self, path: Path, name: str = "", include_xpac: bool = True) -> None:
        self.notes: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.rows: list[Row] = []
        for batch in read(path, Part(File(name or path.name, 1))):
            assert not batch.bad
            made = columns(batch.records, None, self.notes, include_xpac)
            self.rows += rows(made)
            self.dropped += made.dropped
