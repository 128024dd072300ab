"""The compiled loops of `moments.py`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import compiled

SHAPE = np.frombuffer(b"0000-00-00T00:00:00.", np.uint8)
MICROSECONDS = 1_000_000


@compiled
def day(data, offsets, numbers, unusual):  # type: ignore[no-untyped-def]
    """Read dates such as 2023-11-10 as days since 1970."""
    for place in range(len(numbers)):
        text = data[offsets[place] : offsets[place + 1]]
        known = len(text) == 10 and _has_shape(text, 10) and _is_day(text)
        unusual[place] = not known
        numbers[place] = _days(text) if known else 0


@compiled
def moment(data, offsets, numbers, unusual):  # type: ignore[no-untyped-def]
    """Read date-times such as 2023-11-10T06:51:31.235Z, in UTC, as microseconds since 1970."""
    for place in range(len(numbers)):
        text = data[offsets[place] : offsets[place + 1]]
        if len(text) > 19 and text[len(text) - 1] == 90:  # Z
            text = text[: len(text) - 1]
        known = _has_shape(text, min(len(text), 20)) and _is_day(text) and _is_time(text)
        unusual[place] = not known
        numbers[place] = _days(text) * 86400 * MICROSECONDS + _time(text) if known else 0


@compiled
def _has_shape(text, size):  # type: ignore[no-untyped-def]
    for at in range(size):
        digit = 48 <= text[at] <= 57
        if not (digit if SHAPE[at] == 48 else text[at] == SHAPE[at]):
            return False
    return True


@compiled
def _number(text, start, end):  # type: ignore[no-untyped-def]
    number = np.int64(0)
    for at in range(start, end):
        number = number * 10 + (np.int64(text[at]) - 48)
    return number


@compiled
def _is_day(text):  # type: ignore[no-untyped-def]
    if len(text) < 10:
        return False
    year, month, day = _number(text, 0, 4), _number(text, 5, 7), _number(text, 8, 10)
    if year < 1 or not 1 <= month <= 12 or day < 1:
        return False
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@compiled
def _is_time(text):  # type: ignore[no-untyped-def]
    """Return whether the day is followed by a time to the second, millisecond or microsecond."""
    if len(text) not in (19, 23, 26):
        return False
    for at in range(20, len(text)):
        if not 48 <= text[at] <= 57:
            return False
    return _number(text, 11, 13) < 24 and _number(text, 14, 16) < 60 and _number(text, 17, 19) < 60


@compiled
def _days(text):  # type: ignore[no-untyped-def]
    """Return the days since 1970, computed with years that begin in March, so that leap days come last.

    Algorithm: days_from_civil, https://howardhinnant.github.io/date_algorithms.html (read in December 2026).
    """
    year, month, day = _number(text, 0, 4), _number(text, 5, 7), _number(text, 8, 10)
    year -= month <= 2
    in_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + in_year - 719468


@compiled
def _time(text):  # type: ignore[no-untyped-def]
    seconds = (_number(text, 11, 13) * 60 + _number(text, 14, 16)) * 60 + _number(text, 17, 19)
    fraction = _number(text, 20, len(text)) if len(text) > 19 else 0
    return seconds * MICROSECONDS + fraction * (1000 if len(text) == 23 else 1)
