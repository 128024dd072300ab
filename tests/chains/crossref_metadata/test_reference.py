"""The rows of Crossref records equal those of the reference in plain Python (`reference.py`), whatever they hold."""

import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numba  # noqa: F401  (loaded, so that few records take the compiled loops too)
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpworks.chains.crossref_metadata.records import columns, undecoded
from dmpworks.chains.crossref_metadata.schema import SCHEMA, Record
from dmpworks.datasets.kernels.strings import is_utf8
from dmpworks.datasets.subset import Subset
from tests.chains.crossref_metadata import decoded
from tests.chains.crossref_metadata.reference import row
from tests.datasets.against import Against, read
from tests.datasets.mutations import damaged

BOTH = Against((decoded.Record, row), (Record, columns), SCHEMA)
SUBSET = Subset(frozenset(["10.1/1"]), frozenset(["05a28rw58"]), frozenset(["eth zurich"]), frozenset())

TEXTS = st.sampled_from(
    [
        "ROR", "https://ror.org/05a28rw58", "ETH Zurich", "10.13039/501100001659", "10.5/A", "https://doi.org/10.5/b.",
        "1; 2,3", "358283783", "SFB 1333/2  2022", "", "\ud83d", "<jats:p>A &lt; b</jats:p>", "n/a", "DOI",
        "is-part-of", "2024-01-02T03:04:05Z", "yesterday", "grid.5801.c",
    ]
)  # fmt: skip
LEAVES = st.none() | TEXTS | st.text(max_size=20) | st.sampled_from([5, 2020, 1.5, True, 0])


def loose(item: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists of something, one of it, or what is sent in their place."""
    return st.lists(item | st.none() | TEXTS, max_size=3) | item | TEXTS | st.none()


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return loose(st.fixed_dictionaries({}, optional=fields))


IDENTIFIED = objects(**{"id": LEAVES, "id-type": LEAVES})
RECORDS = st.fixed_dictionaries(
    {"DOI": LEAVES | st.sampled_from(["10.1/1", "10.1/2"])},
    optional={
        "title": loose(LEAVES),
        "abstract": LEAVES,
        "deposited": st.none() | st.fixed_dictionaries({"date-time": LEAVES}),
        "author": objects(affiliation=objects(name=LEAVES, id=IDENTIFIED)),
        "funder": objects(name=LEAVES, DOI=LEAVES, id=IDENTIFIED, award=loose(LEAVES)),
        "relation": st.none() | st.just([]) | st.dictionaries(TEXTS, IDENTIFIED, max_size=2),
    },
)


@settings(deadline=None, max_examples=400)
@given(st.lists(RECORDS, min_size=1, max_size=4), st.sampled_from([None, SUBSET]))
def test_records_of_all_shapes(records: list[dict[str, Any]], subset: Subset | None) -> None:
    BOTH.check([json.dumps(record).encode() for record in records], subset, undecoded)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_records(data: Path, seed: int) -> None:
    chance = random.Random(seed)
    known = [
        json.loads(line)
        for line in gzip.decompress((data / "real/crossref-metadata.jsonl.gz").read_bytes()).splitlines()
    ]
    BOTH.check(list(filter(is_utf8, (damaged(chance.choice(known), chance) for _ in range(300)))), None, undecoded)


@pytest.mark.parametrize(
    ("fields", "bad"),
    [
        (b'"title": ["\xff"]', True),
        (b'"funder": [{"name": "\xe2\x82"}]', True),
        (b'"author": [{"affiliation": [{"name": "\xff"}]}]', False),
        (b'"author": [{"affiliation": [5, {"name": "\xff"}]}]', False),
        (b'"reference": [{"unstructured": "\xff"}]', False),
    ],
)
@pytest.mark.parametrize("others", [0, 40])
def test_what_is_no_utf8_harms_where_it_would_be_written(fields: bytes, bad: bool, others: int) -> None:
    found = read([b'{"DOI": "10.1/b"}'] * others + [b'{"DOI": "10.1/a", %s}' % fields], Record, undecoded)
    assert [(one.line, one.reason.partition(":")[0]) for one in found.bad] == [(others + 1, "bad UTF-8")] * bad
    assert len(found.records) == others + (not bad)
    assert columns(found.records, SUBSET, Counter()).dropped["not in subset"] == len(found.records)
