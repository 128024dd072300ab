"""Reads one source file into an Arrow table: the transform without a run, for notebooks and scripts."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.datasets.transform.tally import Tally
from dmpworks.jobs.manifest import File
from dmpworks.jobs.model import Counts


def read_table(path: Path, dataset: Dataset, within: Any = None) -> tuple[pa.Table, Counts]:
    """Return the rows of a source file, and the counts of its records: read, written, dropped, quarantined.

    `dataset` is the `DATASET` of a chain's `reading`; of an archive, `within` names the file in it, as in the `Part`s
    that the same module's `parts` makes. The whole table is in memory. Bad records are only counted: unlike the
    transform, nothing is written. Raises TransformError if the file is damaged or has an unknown layout.
    """
    tally = Tally(dataset)
    part = Part(File(path.name, path.stat().st_size), within=within)
    batches = [tally.rows_of(batch) for batch in dataset.read(path, part)]
    table = pa.Table.from_batches(batches, dataset.schema)
    return table, tally.counts(table.num_rows)
