"""The inputs of the transform bench, each a folder bucket with a download phase of generated records."""

import os
import shutil
import tempfile
import time
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.parquet_copy import write_parquet
from benchmarks.records import records, write_lines
from dmpworks.catalog import CHAINS
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import open_bucket

RUN_ID = "2026-10-01"
OPENALEX, DATACITE, CROSSREF = "openalex-works", "datacite", "crossref-metadata"
NAMES = {
    OPENALEX: "updated_date=2026-10-01/part_0000",
    DATACITE: "dois/updated_2026-09/part_0000",
    CROSSREF: "part_0000",
}
ENDINGS = {OPENALEX: ".gz", DATACITE: ".jsonl.gz", CROSSREF: ".jsonl.gz"}


@dataclass(frozen=True)
class Case:
    """A chain, a bucket with its input, and how many records that holds in how many bytes of JSON."""

    chain: str
    bucket: Path
    rows: int
    size: int

    @property
    def input(self) -> Path:
        """The one file of the download phase."""
        return next(path for path in (self.bucket / self.chain / RUN_ID / "download").rglob("*") if path.is_file())

    def run(self, workers: int = 1) -> Counts:
        """Run the transform in this process, as if for the first time."""
        self.clear()
        job = next(one for one in CHAINS if one.name == self.chain).job("transform")
        with tempfile.TemporaryDirectory() as scratch, redirect_stderr(StringIO()):
            run = Run(self.chain, job.name, RUN_ID, "dev", open_bucket(str(self.bucket)), Path(scratch))
            wanted = {"workers": workers, "include_xpac": True}
            _, *settings = job.parameters.values()
            return job.function(
                run, *(kind(**{key: wanted[key] for key in kind.__annotations__ if key in wanted}) for kind in settings)
            )

    def clear(self) -> None:
        """Remove what an earlier run wrote: the job would take finished parts over, and do nothing."""
        shutil.rmtree(self.output, ignore_errors=True)

    @property
    def written(self) -> int:
        """How many rows the last run wrote."""
        return sum(pq.read_metadata(path).num_rows for path in self.output.glob("*.parquet"))

    def seconds(self) -> float:
        """Return the CPU seconds of one run."""
        started = time.process_time()
        self.run()
        return time.process_time() - started

    @property
    def output(self) -> Path:
        """The folder that the transform writes."""
        return self.bucket / self.chain / RUN_ID / "transform"

    def table(self) -> pa.Table:
        """Return what the last run wrote."""
        return pq.read_table(sorted(self.output.glob("*.parquet")))


def json_lines(folder: Path, dataset: str, number: int) -> Case:
    """Return a case of that many records in one gzip file."""
    path = folder / dataset / RUN_ID / "download" / (NAMES[dataset] + ENDINGS[dataset])
    return Case(dataset, folder, number, write_lines(path, records(dataset, number)))


def parquet(folder: Path, like: Case) -> Case:
    """Return the case of the same works as Parquet, in one row group."""
    write_parquet(_parquet_path(folder), records(OPENALEX, like.rows))
    return Case(OPENALEX, folder, like.rows, like.size)


def large_group(folder: Path, rows: int) -> Case:
    """Return the case of works as Parquet in one large row group."""
    write_parquet(_parquet_path(folder), records(OPENALEX, 4000), rows)
    return Case(OPENALEX, folder, rows, 0)


def copies(folder: Path, of: Case, number: int) -> Case:
    """Return the case of a file that is there many times, under as many names."""
    for copy in range(number):
        path = folder / of.input.relative_to(of.bucket)
        path = path.with_name(path.name.replace("part_0000", f"part_{copy:04}"))
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(of.input, path)
    return Case(of.chain, folder, of.rows * number, of.size * number)


def _parquet_path(bucket: Path) -> Path:
    return bucket / OPENALEX / RUN_ID / "download" / f"{NAMES[OPENALEX]}.parquet"
