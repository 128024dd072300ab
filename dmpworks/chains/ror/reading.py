"""Finds the organisations in ROR's zip."""

import re
from collections.abc import Iterator

from dmpworks.chains.ror.records import row
from dmpworks.chains.ror.schema import SCHEMA, Organisation
from dmpworks.datasets.download.zips import data_files
from dmpworks.datasets.reading.archives import read_zip_array, unreadable
from dmpworks.datasets.reading.json_lines import Batch
from dmpworks.datasets.transform.dataset import Dataset, Part, by_row
from dmpworks.jobs.run import Phase
from dmpworks.services.storage import Openable

# Releases 1.45 to 1.74 (April 2024 to November 2025) contain both schemas, with `_schema_v2` in the name of the newer
# one; later releases contain schema 2 alone: https://ror.readme.io/docs/data-dump (read in December 2026).
# Anchored at the name's last part and its first v: a name of 65 kB of v would else take seconds.
_DATA = re.compile(r"(?:^|/)[^/v]*v[^/]*-ror-data(_schema_v2)?\.json$")


def parts(download: Phase) -> list[Part]:
    """Return the JSON file of each zip of the phase; raises TransformError if a zip has none."""
    zips = [file for file in download.files if file.key.endswith(".zip")]
    return [Part(file, within=_data_file(download.opened(file))) for file in zips]


def _data_file(path: Openable) -> str:
    names = [name for name in data_files(path) if _DATA.search(name)]
    if not names:
        raise unreadable(path, "it has no v*-ror-data.json")
    return max(names, key=lambda name: "schema_v2" in name)


def read(path: Openable, part: Part) -> Iterator[Batch[Organisation]]:
    """Yield the organisations of one JSON file in a zip."""
    return read_zip_array(path, part.within, Organisation)


DATASET = Dataset(
    schema=SCHEMA,
    read=read,
    columns=by_row(SCHEMA, row),
    normally_filled=("names", "status", "types", "external_ids"),
    layout="https://ror.readme.io/docs/ror-data-structure",
)
