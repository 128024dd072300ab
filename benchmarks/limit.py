"""The physical limit of a transform on one core: gunzip and parse every byte, and write the same rows as Parquet.

No Python object is made of a record: isal decompresses, simdjson parses each line and nothing is read out of it.
"""

import tempfile
import time
from pathlib import Path

import pyarrow as pa
import simdjson
from isal import igzip

from benchmarks.cases import CROSSREF, DATACITE, OPENALEX, Case
from dmpworks.chains.crossref_metadata.reading import DATASET as CROSSREF_DATASET
from dmpworks.chains.datacite.reading import DATASET as DATACITE_DATASET
from dmpworks.chains.openalex_works.schema import DICTIONARY
from dmpworks.datasets.columns.arrow import PartWriter
from dmpworks.datasets.reading.json_lines import BATCH, PIECE

DICTIONARIES = {
    OPENALEX: DICTIONARY,
    DATACITE: DATACITE_DATASET.dictionary,
    CROSSREF: CROSSREF_DATASET.dictionary,
}


def seconds(case: Case, rows: pa.Table) -> float:
    """Return the least CPU seconds that reading a gzip JSON Lines file and writing its rows can take."""
    return _parse(case.input) + _write(rows, DICTIONARIES[case.chain])


def _parse(path: Path) -> float:
    parser, rest = simdjson.Parser(), b""
    started = time.process_time()
    with path.open("rb") as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
        while piece := stream.read(PIECE):
            block = rest + piece
            end = block.rfind(b"\n") + 1
            view, start = memoryview(block), 0
            while start < end:
                stop = block.find(b"\n", start)
                parser.parse(view[start:stop])
                start = stop + 1
            rest = block[end:]
    return time.process_time() - started


def _write(rows: pa.Table, dictionary: tuple[str, ...]) -> float:
    batches = rows.combine_chunks().to_batches(max_chunksize=BATCH)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        with PartWriter(Path(folder) / "rows.parquet", rows.schema, dictionary) as writer:
            for batch in batches:
                writer.add(batch)
        taken = time.process_time() - started
    return taken
