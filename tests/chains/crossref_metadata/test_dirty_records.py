"""Crossref records as publishers deposit them: legal, and odd."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from dmpworks.chains.crossref_metadata.records import columns
from dmpworks.chains.crossref_metadata.schema import Record, Row
from dmpworks.datasets.columns.arrow import Award, Party, Relation
from dmpworks.datasets.subset import Subset
from tests.datasets.against import read
from tests.datasets.made import OneByOne

row = OneByOne(columns, Row)


def record(fields: dict[str, Any]) -> Record:
    (found,) = read([json.dumps(fields).encode()], Record).records
    return found


def made(fields: dict[str, Any], subset: Subset | None = None) -> Row:
    """Return the row of a record with a DOI and these fields."""
    found = row(record({"DOI": "10.1/a", **fields}), subset, Counter())
    assert isinstance(found, Row)
    return found


@pytest.mark.parametrize("doi", ["10.1234/ABC", "https://doi.org/10.1234/Abc", "doi:10.1234/abc "])
def test_a_doi_has_one_form(doi: str) -> None:
    assert made({"DOI": doi}).doi == "10.1234/abc"


@pytest.mark.parametrize("doi", [None, "", "n/a", 17])
def test_a_record_without_a_doi_is_dropped(doi: Any) -> None:
    assert row(record({"DOI": doi}), None, Counter()) == "no DOI"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ([], None),
        (None, None),
        (["A <i>Drosophila</i> gene"], "A Drosophila gene"),
        (["", "Second"], "Second"),
        ("Not a list", "Not a list"),
        ([1984], "1984"),
        (["Salt &amp; water, p &lt; 0.05"], "Salt & water, p < 0.05"),
    ],
)
def test_titles(title: Any, text: str | None) -> None:
    assert made({"title": title}).title == text


@pytest.mark.parametrize("abstract", ["<jats:p>n/a</jats:p>", "<jats:p/>", "No abstract available.", "", None])
def test_an_abstract_that_says_nothing(abstract: str | None) -> None:
    assert made({"abstract": abstract}).abstract_text is None


def test_award_fields_may_hold_several_ids_or_numbers() -> None:
    found = made({"funder": [{"name": "NSF", "DOI": "10.13039/100000001", "award": ["1, 2;3", 4, None, "2"]}]})
    assert [award.award_id for award in found.awards] == ["1", "2", "3", "4"]
    assert found.awards[0] == Award("1", "NSF", "fundref", "100000001")


def test_a_funder_without_id_and_an_award_without_funder() -> None:
    found = made({"funder": [{"name": "A <b>Trust</b>"}, {"award": "X1"}, None, {"DOI": "https://doi.org/10.13039/5"}]})
    assert found.funders == [Party("A Trust"), Party(None, "fundref", "5")]
    assert found.awards == [Award("X1")]


def test_a_stated_ror_wins_over_the_funder_doi() -> None:
    ids = [{"id": "10.13039/100000001", "id-type": "DOI"}, {"id": "https://ror.org/021nxhr62", "id-type": "ROR"}]
    found = made({"funder": [{"name": "NSF", "DOI": "10.13039/100000001", "id": ids}]})
    assert found.funders == [Party("NSF", "ror", "021nxhr62")]


def test_only_relations_to_a_doi_are_kept() -> None:
    relation = {
        "is-preprint-of": [{"id-type": "doi", "id": "10.5555/B", "asserted-by": "subject"}],
        "has-version": {"id-type": "uri", "id": "https://doi.org/10.5555/c"},
        "is-supplement-to": [{"id-type": "accession", "id": "GSE1"}, None, {"id": None}],
    }
    relation |= {"": [{"id": "10.5555/d"}], "\ud800": [{"id": "10.5555/e"}]}
    found = made({"relation": relation})
    assert found.relations == [Relation("is-preprint-of", "10.5555/b"), Relation("has-version", "10.5555/c")]


@pytest.mark.parametrize("relation", [{}, [], None])
def test_no_relations(relation: Any) -> None:
    assert made({"relation": relation}).relations == []


def test_a_date_that_is_none_is_counted() -> None:
    notes: Counter[str] = Counter()
    found = row(record({"DOI": "10.1/a", "deposited": {"date-time": "yesterday"}}), None, notes)
    assert isinstance(found, Row) and found.updated_date is None
    assert notes == {"deposited dates not parsed": 1}


def test_a_date_with_an_offset_is_utc() -> None:
    found = made({"deposited": {"date-time": "2024-01-01T01:30:00+02:00"}})
    assert found.updated_date == datetime(2023, 12, 31, 23, 30, tzinfo=UTC)


def test_a_subset_keeps_listed_dois_and_institutions() -> None:
    subset = Subset(frozenset({"10.1/listed"}), frozenset({"01an7q238"}), frozenset({"some college"}), frozenset())
    ror = {"name": "Berkeley", "id": [{"id": "https://ror.org/01an7q238", "id-type": "ROR"}]}
    assert made({"DOI": "10.1/listed"}, subset)
    assert made({"author": [{"affiliation": [ror]}]}, subset)
    assert made({"author": [{"affiliation": ["Some College"]}]}, subset)
    other = record({"DOI": "10.1/a", "author": [{"affiliation": [{"name": "Other"}]}]})
    assert row(other, subset, Counter()) == "not in subset"


def test_values_that_a_row_lacks_are_counted() -> None:
    notes: Counter[str] = Counter()
    funders = [{"name": "NSF", "DOI": "10.13039/100000001", "id": [{"id": "ror:x", "id-type": "ROR"}]}, {"name": "NIH"}]
    relation = {"is-part-of": [{"id": "1234-5678", "id-type": "issn"}, {"id": "10.1/b"}], "n/a": [{"id": "10.1/c"}]}
    row(record({"DOI": "10.1/a", "funder": funders, "relation": relation}), None, notes)
    assert notes == {
        "organisation ids not understood": 1,
        "relations to something without a DOI": 1,
        "relations without a type": 1,
    }
