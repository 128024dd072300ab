import gzip
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dmpworks.chains.openalex_works.schema import Row
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Award, Party
from tests.chains.openalex_works.made import Transformed

GOOD: dict[str, Any] = {"id": "https://openalex.org/W1", "doi": "https://doi.org/10.1/A", "is_xpac": False}


class Made:
    """What became of one record: its row, or why there is none."""

    def __init__(self, folder: Path, line: bytes, include_xpac: bool = False) -> None:
        path = folder / "part_0000.gz"
        path.write_bytes(gzip.compress(line))
        made = Transformed(path, include_xpac=include_xpac)
        self.notes = made.notes
        (self.row,) = made.rows or made.dropped


def made(folder: Path, **fields: Any) -> Row:
    one = Made(folder, msgspec.json.encode(GOOD | fields)).row
    assert isinstance(one, Row)
    return one


def test_a_record_with_nothing_but_a_doi(tmp_path: Path) -> None:
    assert made(tmp_path) == Row("10.1/a", "w1", *[None] * 6, False, None, None, None, [], [], [], [], [])


@pytest.mark.parametrize(
    "field",
    [
        "authorships",
        "awards",
        "funders",
        "ids",
        "primary_location",
        "title",
        "type",
        "is_xpac",
        "abstract_inverted_index",
    ],
)
@pytest.mark.parametrize("value", [None, [], {}, "text", 5, [None], [[]], [{"author": None}]])
def test_any_value_anywhere_gives_a_row(tmp_path: Path, field: str, value: Any) -> None:
    one = Made(tmp_path, msgspec.json.encode(GOOD | {field: value}), include_xpac=True).row
    assert isinstance(one, Row)
    assert one.doi == "10.1/a"


def test_nulls_at_every_level_of_authorships(tmp_path: Path) -> None:
    work = made(
        tmp_path,
        authorships=[
            None,
            {},
            {"author": None, "institutions": None, "raw_affiliation_strings": None},
            {"author": None, "raw_author_name": "Jane Doe"},
            {
                "author": {"display_name": None, "orcid": None},
                "institutions": [None, {"display_name": None, "ror": None}],
            },
            {
                "author": {"display_name": "n/a"},
                "raw_author_name": "Doe, John",
                "raw_affiliation_strings": [None, "", "Lab X", 7],
            },
        ],
    )
    assert [person.full for person in work.authors] == ["Jane Doe", "Doe, John"]
    assert work.institutions == [Party("Lab X"), Party("7")]


def test_raw_affiliations_stand_in_only_where_no_institution_is_recognised(tmp_path: Path) -> None:
    known = {"display_name": "A &amp; B", "ror": "https://ror.org/02mgtg880"}
    work = made(
        tmp_path,
        authorships=[
            {
                "institutions": [known, {"display_name": "A &amp; B"}],
                "raw_affiliation_strings": ["Department 1, A & B"],
            },
            {"institutions": [], "raw_affiliation_strings": ["Lab <i>X</i>", "Lab X"]},
            {"institutions": [known]},
        ],
    )
    assert work.institutions == [Party("A & B", "ror", "02mgtg880"), Party("A & B"), Party("Lab X")]


def test_objects_where_lists_belong(tmp_path: Path) -> None:
    work = made(
        tmp_path,
        authorships={"author": {"display_name": "Jane Doe"}, "institutions": {"display_name": "X"}},
        funders={"id": "https://openalex.org/F1", "display_name": "Fund"},
        awards={"funder_award_id": 12, "funder_id": "https://openalex.org/F1"},
    )
    assert work.authors == [Person(None, "J", "Jane", None, None, "Doe", "Jane Doe")]
    assert work.institutions == [Party("X")]
    assert work.awards == [Award("12", "Fund")]


@pytest.mark.parametrize(
    ("title", "expected"),
    [(1984, "1984"), (19.5, "19.5"), ("<b>A</b> &amp; B", "A & B"), ("n/a", "other"), (None, "other"), ("", "other")],
)
def test_titles(tmp_path: Path, title: Any, expected: str) -> None:
    assert made(tmp_path, title=title, display_name="other").title == expected


@pytest.mark.parametrize(
    ("stated", "day", "noted"),
    [
        ("2023-11-10", date(2023, 11, 10), 0),
        ("n.d.", None, 1),
        ("2023-13-01", None, 1),
        ("", None, 0),
        (None, None, 0),
        (2023, None, 1),
    ],
)
def test_dates_that_cannot_be_parsed_are_counted(tmp_path: Path, stated: Any, day: date | None, noted: int) -> None:
    one = Made(tmp_path, msgspec.json.encode(GOOD | {"publication_date": stated}))
    assert isinstance(one.row, Row)
    assert one.row.publication_date == day
    assert one.notes["publication dates not parsed"] == noted


@pytest.mark.parametrize(
    ("index", "abstract"),
    [
        ({"is": [3], "It": [0], "cold": [9, 1]}, "It cold is cold"),
        ({"It": None, "is": [None, 1], "so": []}, "is"),
        ({"café": [0], "q\"uote": [1]}, 'café q"uote'),
        ({"No": [0], "abstract": [1], "available.": [2]}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_abstracts_are_laid_out_by_position(tmp_path: Path, index: Any, abstract: str | None) -> None:
    assert made(tmp_path, abstract_inverted_index=index).abstract_text == abstract


def test_award_lists_are_split_and_tied_to_their_funder(tmp_path: Path) -> None:
    work = made(
        tmp_path,
        funders=[
            {"id": "https://openalex.org/F1", "display_name": "Fund", "ror": "https://ror.org/02mgtg880"},
            {"id": "https://openalex.org/F2"},
        ],
        awards=[
            {
                "funder_award_id": "A1, A2; A1",
                "funder_id": "https://openalex.org/F1",
                "funder_display_name": "The Fund",
            },
            {"funder_award_id": None, "display_name": "Nameless"},
            {"funder_award_id": "B", "funder_id": "https://openalex.org/F9", "funder_display_name": None},
            {"funder_award_id": "A2", "funder_id": "https://openalex.org/F1", "funder_display_name": "The Fund"},
            None,
        ],
    )
    assert work.awards == [
        Award("A1", "The Fund", "ror", "02mgtg880"),
        Award("A2", "The Fund", "ror", "02mgtg880"),
        Award("B"),
    ]
    assert work.funders == [Party("Fund", "ror", "02mgtg880")]
    assert work.funder_ids == ["f1", "f2"]


def test_identifiers_of_other_catalogues(tmp_path: Path) -> None:
    ids = {
        "mag": 2741809807,
        "pmid": "https://pubmed.ncbi.nlm.nih.gov/29456894",
        "pmcid": "https://www.ncbi.nlm.nih.gov/pmc/articles/5815332",
    }
    work = made(tmp_path, ids=ids)
    assert (work.mag, work.pmid, work.pmcid) == ("2741809807", "29456894", "5815332")


@pytest.mark.parametrize(("is_xpac", "reason"), [(True, "xpac"), ("true", "xpac"), (False, None), (None, None)])
def test_the_expansion_pack_is_left_out_unless_asked_for(tmp_path: Path, is_xpac: Any, reason: str | None) -> None:
    line = msgspec.json.encode(GOOD | {"is_xpac": is_xpac})
    left_out, kept = Made(tmp_path, line).row, Made(tmp_path, line, include_xpac=True).row
    assert left_out == reason if reason else isinstance(left_out, Row)
    assert isinstance(kept, Row)
    assert kept.is_xpac is bool(reason)


@pytest.mark.parametrize("doi", [None, "", "https://doi.org/", "not a doi"])
def test_a_work_without_doi_is_left_out(tmp_path: Path, doi: str | None) -> None:
    assert Made(tmp_path, msgspec.json.encode(GOOD | {"doi": doi})).row == "no DOI"


def test_lone_surrogates_and_bad_utf8_in_the_abstract_never_crash(tmp_path: Path) -> None:
    surrogate = Made(tmp_path, b'{"doi":"10.1/a","title":"a\\ud800","abstract_inverted_index":{"b\\udfff":[0]}}').row
    assert isinstance(surrogate, Row)
    assert (surrogate.title, surrogate.abstract_text) == ("a", "b")
    bad = Made(tmp_path, b'{"doi":"10.1/a","is_xpac":false,"abstract_inverted_index":{"b\xff":[0]}}')
    assert isinstance(bad.row, Row)
    assert bad.row.abstract_text is None
    assert bad.notes == {"abstracts not read": 1}


def test_values_that_a_row_lacks_are_counted(tmp_path: Path) -> None:
    author = {"author": {"display_name": "Jane Roe", "orcid": "0000-0001"}, "institutions": [{"ror": "grid.1.2"}]}
    nobody = {"author": {"display_name": "n/a", "orcid": ""}}
    fields = {
        "is_xpac": None,
        "authorships": [author, nobody],
        "funders": [{"ror": "https://ror.org/x"}, {"ror": None}],
    }
    assert Made(tmp_path, msgspec.json.encode(GOOD | fields)).notes == {
        "works without the flag is_xpac": 1,
        "ORCIDs not understood": 1,
        "authors without a name": 1,
        "organisation ids not understood": 2,
    }
