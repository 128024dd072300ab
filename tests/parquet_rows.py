"""Reads back what a transform published."""

from io import BytesIO
from typing import Any

import pyarrow.parquet as pq

from dmpworks.jobs.run import Run


def rows(run: Run) -> list[dict[str, Any]]:
    """Return the rows of every Parquet file that the run lists, in the order of the files."""
    contents = [run.bucket.get(output.key) for output in run.outputs if output.key.endswith(".parquet")]
    return [row for content in contents for row in pq.read_table(BytesIO(content)).to_pylist()]


def quarantined(run: Run) -> list[str]:
    """Return the keys of the files of bad records that the run lists."""
    return [output.key for output in run.outputs if "/quarantine/" in output.key]
