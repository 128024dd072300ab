"""DataCite records as repositories send them: legal, and odd."""

import io
import json
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dmpworks.chains.datacite.records import columns
from dmpworks.chains.datacite.schema import Record, Row
from dmpworks.datasets.columns.arrow import Award, Party, Relation
from dmpworks.datasets.reading.json_lines import read_lines
from dmpworks.datasets.subset import Subset
from tests.datasets.made import OneByOne

row = OneByOne(columns, Row)


def record_of(value: dict[str, Any]) -> Record:
    """Return a record read from JSON."""
    (batch,) = read_lines(io.BytesIO(json.dumps(value).encode()), Record, "a test")
    (record,) = batch.records
    return record


def made(attributes: dict[str, Any], subset: Subset | None = None, notes: Counter[str] | None = None) -> Row:
    """Return the row of a record with these attributes."""
    record = record_of({"id": "10.1/a", "attributes": attributes})
    found = row(record, subset, Counter() if notes is None else notes)
    assert isinstance(found, Row)
    return found


def of_creator(creator: dict[str, Any]) -> Row:
    """Return the row of a record with one creator."""
    return made({"creators": [creator]})


def test_the_doi_may_be_in_upper_case_or_among_the_attributes() -> None:
    assert row(record_of({"id": "10.1234/ABC"}), None, Counter())[0] == "10.1234/abc"
    assert row(record_of({"attributes": {"doi": "10.1234/D"}}), None, Counter())[0] == "10.1234/d"
    assert row(record_of({"id": None, "attributes": None}), None, Counter()) == "no DOI"


@pytest.mark.parametrize(
    ("titles", "text"),
    [
        ([{"title": 2019}], "2019"),
        ([{"title": None}, {"title": "Second"}], "Second"),
        ([{"title": ":unav"}], None),
        ([{}], None),
        ([], None),
        (None, None),
        ({"title": "One object"}, "One object"),
        (["A text"], "A text"),
        ([{"title": "<i>In vivo</i> CO<sub>2</sub> &amp; more"}], "In vivo CO2 & more"),
    ],
)
def test_titles(titles: Any, text: str | None) -> None:
    assert made({"titles": titles}).title == text


@pytest.mark.parametrize(
    ("descriptions", "text"),
    [
        ([{"description": "B", "descriptionType": "Other"}, {"description": "A", "descriptionType": "Abstract"}], "A"),
        ([{"description": "Only methods", "descriptionType": "Methods"}], None),
        ([{"description": 42, "descriptionType": "Abstract"}], "42"),
        ([{"description": "No abstract available.", "descriptionType": "Abstract"}], None),
        ({"description": "One object", "descriptionType": "Abstract"}, "One object"),
        ([None], None),
        (None, None),
    ],
)  # fmt: skip
def test_abstracts(descriptions: Any, text: str | None) -> None:
    assert made({"descriptions": descriptions}).abstract_text == text


@pytest.mark.parametrize(
    ("publisher", "name"), [("Zenodo", "Zenodo"), ({"name": "Dryad"}, "Dryad"), ({}, None), (None, None)]
)
def test_publishers(publisher: Any, name: str | None) -> None:
    assert made({"publisher": publisher}).publication_venue == name


ISSUED = {"date": "2020-03-04", "dateType": "Issued"}


@pytest.mark.parametrize(
    ("attributes", "published"),
    [
        (
            {"dates": [{"date": "2019-01-01", "dateType": "Created"}, ISSUED], "published": "2021-01-02"},
            date(2020, 3, 4),
        ),
        ({"dates": [{"date": "2020", "dateType": "Issued"}, ISSUED]}, date(2020, 3, 4)),
        ({"dates": [{"date": "2020", "dateType": "Issued"}], "published": "2020-05-06"}, date(2020, 5, 6)),
        ({"dates": ISSUED}, date(2020, 3, 4)),
        ({"published": "2020", "created": "2020-07-08T01:00:00Z", "publicationYear": 2020}, date(2020, 7, 8)),
        ({"published": "2020", "created": "2021-07-08T01:00:00Z", "publicationYear": 2020}, date(2020, 1, 1)),
        ({"created": "2021-07-08T01:00:00Z"}, None),
        ({"publicationYear": "1999"}, date(1999, 1, 1)),
        ({"publicationYear": 0}, None),
        ({"publicationYear": 20211}, None),
        ({}, None),
    ],
)
def test_publication_dates(attributes: dict[str, Any], published: date | None) -> None:
    assert made(attributes).publication_date == published


def test_dates_that_are_none_are_counted() -> None:
    notes: Counter[str] = Counter()
    found = made({"updated": "soon", "published": "once upon a time"}, notes=notes)
    assert (found.updated_date, found.publication_date) == (None, None)
    assert notes == {"updated dates not parsed": 1, "publication dates not parsed": 1}


def test_an_updated_date_is_in_utc() -> None:
    assert made({"updated": "2024-01-02T03:04:05.000Z"}).updated_date == datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "affiliation",
    [
        [{"name": "ETH Zurich", "affiliationIdentifier": "https://ror.org/05a28rw58"}],
        {"name": "ETH Zurich", "affiliationIdentifier": "ror.org/05a28rw58/", "affiliationIdentifierScheme": "ROR"},
        [None, {"name": "ETH Zurich", "affiliationIdentifier": "05a28rw58"}],
    ],
)  # fmt: skip
def test_affiliations_with_a_ror_id(affiliation: Any) -> None:
    found = of_creator({"name": "Curie, Marie", "nameType": "Personal", "affiliation": affiliation})
    assert found.institutions == [Party("ETH Zurich", "ror", "05a28rw58")]


@pytest.mark.parametrize(
    "affiliation", ["ETH Zurich", ["ETH Zurich"], [{"name": "ETH Zurich"}], {"name": "ETH Zurich"}]
)
def test_affiliations_with_a_name_only(affiliation: Any) -> None:
    assert of_creator({"name": "Curie, Marie", "affiliation": affiliation}).institutions == [Party("ETH Zurich")]


@pytest.mark.parametrize("affiliation", [None, [], {}, [None], [{}], ""])
def test_no_affiliation(affiliation: Any) -> None:
    found = of_creator({"name": "Curie, Marie", "affiliation": affiliation})
    assert found.institutions == []
    assert [author.surname for author in found.authors] == ["Curie"]


@pytest.mark.parametrize(
    ("identifier", "scheme", "party"),
    [
        ("0000 0001 2155 9477", "ISNI", ("isni", "0000000121559477")),
        ("grid.417621.7", "GRID", ("grid", "grid.417621.7")),
        ("https://doi.org/10.13039/100000001", "Crossref Funder ID", ("fundref", "100000001")),
        ("edmo:3818", "OTHER", (None, None)),
    ],
)
def test_affiliations_with_another_id(identifier: str, scheme: str, party: tuple[str | None, str | None]) -> None:
    affiliation = {"name": "A", "affiliationIdentifier": identifier, "affiliationIdentifierScheme": scheme}
    assert of_creator({"name": "B", "affiliation": affiliation}).institutions == [Party("A", *party)]


@pytest.mark.parametrize(
    "identifiers",
    [
        [{"nameIdentifier": "https://orcid.org/0000-0001-9998-011X", "nameIdentifierScheme": "ORCID"}],
        {"nameIdentifier": "0000-0001-9998-011x", "nameIdentifierScheme": "ORCID"},
        [{"nameIdentifier": "http://orcid.org/0000-0001-9998-011X"}],
        ["https://orcid.org/0000-0001-9998-011X"],
        [
            {"nameIdentifier": "0000 0001 2155 9477", "nameIdentifierScheme": "ISNI"},
            {"nameIdentifier": "0000-0001-9998-011X", "nameIdentifierScheme": "orcid"},
        ],
    ],
)
def test_orcids(identifiers: Any) -> None:
    found = of_creator({"name": "Curie, Marie", "nameIdentifiers": identifiers})
    assert [author.orcid for author in found.authors] == ["0000-0001-9998-011x"]


@pytest.mark.parametrize(
    "identifiers", [None, [], {}, "", [{"nameIdentifier": "0000000121559477", "nameIdentifierScheme": "ISNI"}]]
)
def test_no_orcid(identifiers: Any) -> None:
    found = of_creator({"name": "Curie, Marie", "nameIdentifiers": identifiers})
    assert [author.orcid for author in found.authors] == [None]


def test_an_organisation_is_no_author_but_an_institution() -> None:
    ror = [{"nameIdentifier": "04sk0et52", "nameIdentifierScheme": "ROR"}]
    found = of_creator({"name": "Gump Station", "nameType": "Organizational", "nameIdentifiers": ror})
    assert found.authors == []
    assert found.institutions == [Party("Gump Station", "ror", "04sk0et52")]


def test_a_creator_without_name_type_is_a_person() -> None:
    names = ["Mulder, S.", "Ada Lovelace", "Church, A.", "George M. Church", "Service, Robert F."]
    found = made({"creators": [{"name": name} for name in names]})
    assert [author.surname for author in found.authors] == ["Mulder", "Lovelace", "Church", "Church", "Service"]
    assert found.institutions == []


def test_a_creator_without_name_type_may_plainly_be_an_organisation() -> None:
    found = of_creator({"name": "University of California, Berkeley", "affiliation": {"name": "UC System"}})
    assert found.authors == []
    assert found.institutions == [Party("University of California, Berkeley"), Party("UC System")]


def test_given_name_or_orcid_make_a_person_whatever_the_name() -> None:
    orcid = {"nameIdentifier": "0000-0001-9998-0114", "nameIdentifierScheme": "ORCID"}
    found = made(
        {
            "creators": [
                {"name": "College, Anna", "givenName": "Anna", "familyName": "College"},
                {"name": "Institute, Bob", "nameIdentifiers": [orcid]},
            ]
        }
    )
    assert [author.surname for author in found.authors] == ["College", "Institute"]


@pytest.mark.parametrize("creators", [None, [], [None], [{}]])
def test_no_creators(creators: Any) -> None:
    found = made({"creators": creators})
    assert (found.authors, found.institutions) == ([], [])


def test_awards() -> None:
    references = [
        {"funderName": "NSF", "funderIdentifier": "10.13039/100000001", "awardNumber": "1; 2,3"},
        {"funderName": "NSF", "funderIdentifier": "10.13039/100000001", "awardNumber": 4},
        {"funderName": "NSF", "funderIdentifier": "https://ror.org/021nxhr62", "funderIdentifierType": "ROR"},
        {"awardNumber": "5"},
        None,
    ]
    found = made({"fundingReferences": references})
    nsf = Party("NSF", "fundref", "100000001")
    assert found.funders == [nsf, Party("NSF", "ror", "021nxhr62")]
    assert found.awards == [*(Award(number, *nsf) for number in "1234"), Award("5")]


def test_relations_are_kept_where_the_partner_has_a_doi() -> None:
    related = [
        {"relationType": "IsPartOf", "relatedIdentifier": "10.5/B", "relatedIdentifierType": "DOI"},
        {"relationType": "Cites", "relatedIdentifier": "https://doi.org/10.5/c", "relatedIdentifierType": "URL"},
        {"relationType": "Cites", "relatedIdentifier": "https://example.org", "relatedIdentifierType": "URL"},
        {"relationType": "Cites", "relatedIdentifier": None, "relatedIdentifierType": "DOI"},
        {"relationType": " \ud800", "relatedIdentifier": "10.5/d", "relatedIdentifierType": "DOI"},
        {"relationType": "IsPartOf", "relatedIdentifier": "doi:10.5/b", "relatedIdentifierType": "DOI"},
    ]
    assert made({"relatedIdentifiers": related}).relations == [
        Relation("IsPartOf", "10.5/b"),
        Relation("Cites", "10.5/c"),
    ]


@pytest.mark.parametrize(
    ("types", "work_type"), [({"resourceTypeGeneral": "Dataset"}, "Dataset"), ({}, None), (None, None)]
)
def test_work_types_stay_as_the_source_writes_them(types: Any, work_type: str | None) -> None:
    assert made({"types": types}).work_type == work_type


def test_a_subset_keeps_listed_dois_and_institutions() -> None:
    subset = Subset(frozenset({"10.1/a"}), frozenset({"01an7q238"}), frozenset(), frozenset())
    assert made({}, subset)
    berkeley = {"name": "B", "affiliation": {"name": "UCB", "affiliationIdentifier": "https://ror.org/01an7q238"}}
    other = record_of({"id": "10.1/b", "attributes": {"creators": [berkeley]}})
    assert isinstance(row(other, subset, Counter()), Row)
    assert row(record_of({"id": "10.1/b"}), subset, Counter()) == "not in subset"


def test_values_that_a_row_lacks_or_has_by_default_are_counted() -> None:
    notes: Counter[str] = Counter()
    orcid = {"nameIdentifier": "0000-0001", "nameIdentifierScheme": "ORCID"}
    creators = [
        {"name": "Roe, Jane", "nameIdentifiers": [orcid], "affiliation": [{"affiliationIdentifier": "ror:x"}]},
        {"name": "n/a", "nameType": "Personal"},
    ]
    related = [
        {"relatedIdentifier": "https://example.org/a", "relationType": "IsCitedBy"},
        {"relatedIdentifier": "10.1/b", "relationType": None},
        {"relatedIdentifier": "", "relationType": "Cites"},
    ]
    fundings = [{"funderName": "NSF", "funderIdentifier": "NSF"}]
    made(
        {
            "publicationYear": 2024,
            "creators": creators,
            "relatedIdentifiers": related,
            "fundingReferences": fundings,
        },
        notes=notes,
    )
    assert notes == {
        "ORCIDs not understood": 1,
        "authors without a name": 1,
        "organisation ids not understood": 2,
        "relations to something without a DOI": 1,
        "relations without a type": 1,
        "publication dates set to January 1": 1,
    }


def test_only_works_of_the_subset_are_counted() -> None:
    notes: Counter[str] = Counter()
    record = record_of({"id": "10.1/a", "attributes": {"creators": [{"name": "n/a", "nameType": "Personal"}]}})
    nothing = Subset(frozenset(), frozenset(), frozenset(), frozenset())
    assert row(record, nothing, notes) == "not in subset"
    assert not notes
