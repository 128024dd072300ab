"""The rows of DataCite records equal those of the reference in plain Python (`reference.py`), whatever they hold."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import numba  # noqa: F401  (loaded, so that few records take the compiled loops too)
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dmpworks.chains.datacite.records import columns, undecoded
from dmpworks.chains.datacite.schema import SCHEMA, Record
from dmpworks.datasets.subset import Subset
from tests.chains.datacite.decoded import Record as Decoded
from tests.chains.datacite.reference import row
from tests.datasets.against import Against, read
from tests.datasets.mutations import ODD, damaged

BOTH = Against((Decoded, row), (Record, columns), SCHEMA)
SUBSET = Subset(frozenset(["10.1/1"]), frozenset(["05a28rw58"]), frozenset(["eth zurich"]), frozenset())

TEXTS = st.sampled_from(
    [
        "ORCID", "orcid", "ROR", "https://orcid.org/0000-0001-2345-678X", "0000-0001-2345-6789", "0000000121559477",
        "https://ror.org/05a28rw58", "ETH Zurich", "Curie, Marie", "Curie", "Marie", "Organizational", "Personal",
        "University of Nowhere", "van Berg, A.", "Abstract", "Issued", "Cites", "2020-03-04", "2020", "10.5/A",
        "https://doi.org/10.5/b.", "a \"quoted\" \\ text", "new\nline", "Größe\u0000", "\ud83d", "😀", "1; 2,3", "",
        "https://example.org/1", "<b>x</b> &amp; <script>y</script>", "No abstract available.",
    ]
)  # fmt: skip
# 0 is left out: it says the same as nothing to one of the two, and is no name.
LEAVES = st.none() | TEXTS | st.text(max_size=20) | st.sampled_from([5, 2020, 1.5, True])


def objects(*names: str, **nested: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists of objects with some of these names, or what is sent in their place."""
    one = st.fixed_dictionaries({}, optional=dict.fromkeys(names, LEAVES) | nested | {"other": LEAVES})
    item = one | st.none() | TEXTS
    return st.lists(item, max_size=3) | one | TEXTS | st.none() | st.just([[]]) | st.just({"0": [1, {"a": "]"}]})


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "titles": objects("title"),
        "descriptions": objects("description", "descriptionType"),
        "dates": objects("date", "dateType"),
        "published": LEAVES,
        "created": LEAVES,
        "publicationYear": LEAVES,
        "updated": LEAVES,
        "fundingReferences": objects("funderName", "funderIdentifier", "funderIdentifierType", "awardNumber"),
        "relatedIdentifiers": objects("relationType", "relatedIdentifier"),
        "creators": objects(
            "name",
            "nameType",
            "givenName",
            "familyName",
            affiliation=objects("name", "affiliationIdentifier", "affiliationIdentifierScheme"),
            nameIdentifiers=objects("nameIdentifier", "nameIdentifierScheme"),
        ),
    },
)


@settings(deadline=None, max_examples=400)
@given(st.lists(ATTRIBUTES, min_size=1, max_size=4), st.booleans(), st.sampled_from([None, SUBSET]))
def test_records_of_all_shapes(works: list[dict[str, Any]], escaped: bool, subset: Subset | None) -> None:
    records = [{"id": f"10.1/{number}", "attributes": work} for number, work in enumerate(works)]
    lines = [json.dumps(record, ensure_ascii=escaped).encode(errors="surrogatepass") for record in records]
    assume(all(map(is_utf8, lines)))  # the reference does not look at bytes of keys that it does not know
    BOTH.check(lines, subset, undecoded)


def is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("value", ['{"titles": {"other": "%s"}}', '{"titles": [{"title": "%s"}]}', '{"dates": "%s"}'])
def test_bytes_that_are_no_utf8_in_an_undecoded_field_set_the_record_aside(value: str) -> None:
    line = b'{"id": "10.1/0", "attributes": %s}' % (value.encode() % b"\xed\xa0\xbd")
    (bad,) = read([line], Record, undecoded).bad
    assert (bad.line, bad.raw) == (1, line)
    assert bad.reason.startswith("bad UTF-8")


@pytest.mark.parametrize("seed", range(4))
def test_damaged_records(data: Path, seed: int) -> None:
    chance = random.Random(seed)
    known = [json.loads(line) for line in gzip.decompress((data / "real/datacite.jsonl.gz").read_bytes()).splitlines()]
    BOTH.check([damaged(chance.choice(known), chance) for _ in range(300)], None, undecoded)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_value_in_every_place(odd: Any) -> None:
    creator = {"name": "Curie, Marie", "affiliation": [{"name": "A"}], "nameIdentifiers": [{"nameIdentifier": "x"}]}
    places: list[dict[str, Any]] = [
        {"creators": odd},
        {"creators": [odd, creator]},
        {"creators": [creator | {"name": odd}]},
        {"creators": [creator | {"affiliation": odd}]},
        {"creators": [creator | {"nameIdentifiers": [odd]}, creator]},
        {"titles": odd, "descriptions": [{"description": odd, "descriptionType": "Abstract"}]},
        {"relatedIdentifiers": [{"relationType": odd, "relatedIdentifier": "10.1/x"}, odd]},
        {"fundingReferences": [{"funderName": odd, "awardNumber": odd}, odd]},
        {"dates": [{"dateType": "Issued", "date": odd}, odd], "publicationYear": odd},
    ]
    lines = [json.dumps({"id": "10.1/a", "attributes": place}).encode() for place in places]
    BOTH.check(lines, None, undecoded)
