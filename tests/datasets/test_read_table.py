"""A source file as a table, without a run."""

import gzip

from dmpworks.datasets.transform.read_table import read_table
from tests.datasets.sample import DATASET


def test_a_source_file_is_read_into_a_table_and_every_record_is_counted(tmp_path):
    path = tmp_path / "things.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"doi": "10.1/a", "title": "A"}\n{"title": "without"}\nno record\n'))
    table, counts = read_table(path, DATASET)
    assert table.to_pylist() == [{"doi": "10.1/a", "title": "A", "tags": [], "places": []}]
    assert (counts.read, counts.written, counts.dropped, counts.quarantined) == (3, 1, {"no DOI": 1}, 1)
    assert counts.accounted
