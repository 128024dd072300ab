import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.datasets.kernels.gather import Lists, coded, counted, distinct, joined

leaf = st.none() | st.sampled_from(["a", "b", "A", ""])


@given(st.lists(st.lists(st.tuples(leaf, leaf), max_size=6), max_size=6))
def test_distinct_keeps_each_combination_once_in_order(lists: list[list[tuple[str | None, str | None]]]) -> None:
    owners = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    flat = [pair for one in lists for pair in one]
    columns = [coded(pa.array([pair[side] for pair in flat], pa.string())) for side in (0, 1)]
    places = distinct(owners, *columns)
    made: list[list[tuple[str | None, str | None]]] = [[] for _ in lists]
    for place in places:
        made[owners[place]].append(flat[place])
    assert made == [list(dict.fromkeys(one)) for one in lists]
    assert counted(owners[places], len(lists)).offsets.tolist() == np.cumsum([0, *map(len, made)]).tolist()


@given(st.lists(leaf), st.lists(leaf))
def test_columns_as_codes(first: list[str | None], second: list[str | None]) -> None:
    one = coded(pa.array(first, pa.string()), lambda values: pc.utf8_lower(values))
    lower = [value and value.lower() for value in first]
    assert one.column.to_pylist() == lower
    assert len(one.values) == len(set(lower))
    assert one.present.tolist() == [value is not None for value in first]
    assert joined(one, coded(pa.array(second, pa.string()))).column.to_pylist() == lower + second


def test_the_owners_of_lists() -> None:
    assert Lists(np.array([0, 2, 2, 3], np.int32)).owners.tolist() == [0, 0, 2]


def test_keys_too_large_for_one_number_are_made_smaller() -> None:
    owners = np.array([0, 1 << 40, 1 << 40])
    columns = [coded(pa.array(list(map(str, range(3))))) for _ in range(20)]
    assert distinct(owners, *columns).tolist() == [0, 1, 2]
