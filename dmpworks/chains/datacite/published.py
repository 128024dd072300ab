"""Publication dates of DataCite records."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import compress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.datacite.schema import Attributes, Event
from dmpworks.datasets.columns.flatten import dates, first
from dmpworks.datasets.columns.raw_json import read
from dmpworks.datasets.kernels.moments import DAY, days
from dmpworks.datasets.kernels.strings import replaced, valid
from dmpworks.datasets.reading.loose_values import Loose, as_text
from dmpworks.datasets.transform.dataset import Notes, note

ISSUED = "Issued"
YEAR_ALONE = "publication dates set to January 1"


def publication_dates(works: Sequence[Attributes], notes: Notes) -> pa.Array:
    """Return the publication dates (date32), as precise as the record allows.

    In order: the first full date of type Issued, `published`, the day of creation if it is in publicationYear, else
    January 1 of publicationYear. The types of dates: https://datacite-metadata-schema.readthedocs.io/en/4.6/properties/date/
    (read in December 2026).
    """
    lists, (stated, kind), _ = read([work.dates for work in works], Event, notes)
    published = first(lists, days(pc.if_else(pc.equal(kind, ISSUED), stated, None)))
    published = _completed(published, works, _published)
    return _completed(published, works, partial(_of_year, notes=notes))


def _completed(found: pa.Array, works: Sequence[Attributes], instead: Callable[..., pa.Array]) -> pa.Array:
    missing = ~valid(found)
    if not missing.any():
        return found
    return replaced(found, missing, instead(list(compress(works, missing))))


def _published(works: Sequence[Attributes]) -> pa.Array:
    return days(dates([work.published for work in works]))


def _of_year(works: Sequence[Attributes], notes: Notes) -> pa.Array:
    """Return the day of creation if it is in the year of publication, else the first day of that year."""
    year = pa.array([_year(work.publication_year) for work in works], pa.int64())
    created = days(dates([work.created for work in works]))
    first_day = np.asarray(year.fill_null(1970)) - 1970
    january = pa.array(first_day.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int32)).view(DAY)
    of_year = pc.fill_null(pc.equal(pc.year(created), year), False)
    note(notes, YEAR_ALONE, np.count_nonzero(valid(year) & ~np.asarray(of_year)))
    return pc.if_else(of_year, created, pc.if_else(year.is_valid(), january, pa.scalar(None, DAY)))


@lru_cache(maxsize=1 << 10)
def _year(value: Loose) -> int | None:
    text = (as_text(value) or "").strip()
    # Exactly four digits: 0 and 20211 occur and are no years.
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() and text != "0000" else None
