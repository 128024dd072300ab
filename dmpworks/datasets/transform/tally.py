"""Counts the records of one input file by their outcome."""

from collections import Counter
from typing import Any

import pyarrow as pa

from dmpworks.datasets.reading.json_lines import Batch
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.completeness import count_values
from dmpworks.datasets.transform.dataset import LENIENT, Dataset, Notes
from dmpworks.jobs.model import Counts


class Tally:
    """Turns batches of records into rows, and counts every record as written, dropped or bad."""

    def __init__(self, dataset: Dataset, subset: Subset | None = None) -> None:
        self.read = 0
        self._dataset, self._subset = dataset, subset
        self._dropped: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._notes: Notes = Counter()
        self.values = dict.fromkeys(dataset.normally_filled, 0)  # number of values by field

    def rows_of(self, batch: Batch[Any]) -> pa.RecordBatch:
        """Return the rows of a batch, and count its dropped and bad records."""
        rows, dropped = self._dataset.columns(batch.records, self._subset, self._notes)
        self._dropped += dropped
        self._bad.update(bad.kind for bad in batch.bad)
        self.read += len(batch.records) + len(batch.bad)
        if batch.lenient:
            self._notes[LENIENT] += batch.lenient
        for path, number in count_values(rows, self._dataset.normally_filled).items():
            self.values[path] += number
        return rows

    def counts(self, written: int) -> Counts:
        """Return the counts for the manifest, given the number of rows written."""
        return Counts(self.read, written, dict(self._dropped), self._bad.total(), dict(self._notes), dict(self._bad))
