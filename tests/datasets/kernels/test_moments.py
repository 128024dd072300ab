from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.cleaners import text
from dmpworks.datasets.kernels.moments import days, moments
from tests.datasets.kernels.samples import anything, check, thorough

stamps = st.one_of(
    st.none(),
    anything,
    st.dates().map(date.isoformat),
    st.datetimes().map(datetime.isoformat),
    st.datetimes().map(lambda one: one.isoformat(timespec="milliseconds") + "Z"),
    st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True),
    st.from_regex(r"2024-02-29[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{0,7})?(Z|\+01:00)?", fullmatch=True),
)


@thorough
@given(st.lists(stamps, max_size=20))
def test_equals_the_day_and_the_moment_of_each_value(values: list[str | None]) -> None:
    check(days, text.iso_date, values)
    check(moments, text.iso_datetime, values)


@pytest.mark.parametrize("year", [1, 4, 1600, 1899, 1900, 1999, 2000, 2024, 2100, 9999])
def test_every_day_of_a_year_and_those_that_are_none(year: int) -> None:
    check(days, text.iso_date, [f"{year:04}-{month:02}-{day:02}" for month in range(14) for day in range(33)])


def test_dates_and_timestamps_are_taken_as_they_are_within_what_python_reaches() -> None:
    limits = [date.min, date(1970, 1, 1), date.max]
    assert days(pa.array([*limits, None], pa.date32())).to_pylist() == [*limits, None]
    assert days(pa.array([2**30, -(2**30)], pa.date32())).to_pylist() == [None, None]
    moment = datetime(2025, 11, 6, 6, 51, 31, 235000)
    for zone in (None, "UTC"):
        stated = pa.array([moment, None], pa.timestamp("us", zone))
        assert moments(stated).to_pylist() == [moment.replace(tzinfo=UTC), None]
    assert moments(pa.array([2**62, -(2**62)], pa.timestamp("us"))).to_pylist() == [None, None]
    assert moments(pa.array([moment], pa.timestamp("ms"))).to_pylist() == [moment.replace(tzinfo=UTC)]
