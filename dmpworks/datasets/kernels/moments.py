"""Columns of ISO dates and date-times: equals `text.iso_date` and `text.iso_datetime`, value by value."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.cleaners import text
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import flat, patched, valid

DAY, MOMENT = pa.date32(), pa.timestamp("us", tz="UTC")
# The range of Python's dates, to which the exact functions are limited; Parquet's range is larger.
_EPOCH = datetime(1970, 1, 1)
_DAYS = (date.min - _EPOCH.date()).days, (date.max - _EPOCH.date()).days
_MOMENTS = tuple((limit - _EPOCH) // timedelta(microseconds=1) for limit in (datetime.min, datetime.max))


def days(values: pa.Array) -> pa.Array:
    """Return the days (date32) of full ISO dates and date-times, or of a date column; null if not a valid date."""
    if pa.types.is_date(values.type):
        return _within(values.cast(DAY), pa.int32(), *_DAYS)
    return _parsed(values, "day", DAY, text.iso_date)


def moments(values: pa.Array) -> pa.Array:
    """Return ISO date-times, or a timestamp column, as UTC microseconds; null if not a valid date-time."""
    if pa.types.is_timestamp(values.type):
        return _within(values.cast(pa.timestamp("us", values.type.tz), safe=False), pa.int64(), *_MOMENTS).cast(MOMENT)
    return _parsed(values, "moment", MOMENT, text.iso_datetime)


def _within(values: pa.Array, whole: pa.DataType, first: int, last: int) -> pa.Array:
    numbers = np.asarray(values.view(whole).fill_null(0))
    outside = (numbers < first) | (numbers > last)
    return pc.if_else(pa.array(outside), None, values) if outside.any() else values


def _parsed(texts: pa.StringArray, loop: str, kind: pa.DataType, exact: Callable[[Any], Any]) -> pa.Array:
    present = valid(texts)
    if not worthwhile(len(texts)):
        return patched(pa.nulls(len(texts), kind), present, texts, exact)
    from dmpworks.datasets.kernels import moment_loops

    numbers = np.empty(len(texts), np.int32 if kind == DAY else np.int64)
    unusual = np.empty(len(texts), np.bool_)
    getattr(moment_loops, loop)(*flat(texts), numbers, unusual)
    parsed = pa.array(numbers, mask=unusual | ~present).view(kind)
    return patched(parsed, unusual & present, texts, exact)
