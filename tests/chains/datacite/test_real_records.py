"""Real DataCite records, field by field against what a person reads in them."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dmpworks.chains.datacite.jobs import Scope, Transform, transform
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import rows

Record = dict[str, Any]


@pytest.fixture
def records(bucket: Bucket, data: Path, make_run: Callable[..., Run]) -> dict[str, Record]:
    """The 30 real records after the transform, by DOI; a copy without folders by month and CSV will do."""
    assert bucket.root
    folder = bucket.root / "datacite/2026-10-01/download"
    folder.mkdir(parents=True)
    shutil.copy(data / "real/datacite.jsonl.gz", folder / "part_0000.jsonl.gz")
    run = make_run(bucket, "datacite", "transform")
    noted = {
        "organisation ids not understood": 3,
        "publication dates set to January 1": 1,
        "relations to something without a DOI": 27,
    }
    counts = transform(run, Transform(workers=1), Scope(), BadRecords())
    assert counts == Counts(read=30, written=30, also=noted)
    return {row["doi"]: row for row in rows(run)}


def person(given_name: str, surname: str, orcid: str | None = None) -> Record:
    """Return an author of one given name, stated as "Surname, Given"."""
    return {
        "orcid": orcid,
        "first_initial": given_name[0],
        "given_name": given_name,
        "middle_initials": None,
        "middle_names": None,
        "surname": surname,
        "full": f"{surname}, {given_name}",
    }


def party(name: str, id_type: str | None = None, id: str | None = None) -> Record:
    return {"name": name, "id_type": id_type, "id": id}


def award(award_id: str, funder: Record) -> Record:
    return {
        "award_id": award_id,
        "funder_name": funder["name"],
        "funder_id_type": funder["id_type"],
        "funder_id": funder["id"],
    }


def relations(*pairs: tuple[str, str]) -> list[Record]:
    return [{"relation_type": kind, "doi": doi} for kind, doi in pairs]


ROBINSON = person("Erin", "Robinson", "0000-0001-9998-0114")
DAVIES = person("Neil", "Davies", "0000-0001-8085-5014")
CHODACKI = person("John", "Chodacki", "0000-0002-7378-2408")
PRAETZELLIS = person("Maria", "Praetzellis", "0000-0001-5047-3090")
NANCARROW = person("Catherine", "Nancarrow", "0000-0001-8659-3115")
GUMP = party("Gump South Pacific Research Station", "ror", "04sk0et52")
GAME_CHANGERS = party("Metadata Game Changers (United States)", "ror", "05bp8ka05")
BERKELEY = party("University of California, Berkeley", "ror", "01an7q238")


def test_a_talk_of_an_organisation_and_a_person(records: dict[str, Record]) -> None:
    # Its only full date of 2021 is of type Available, and it was created in 2022: so January 1.
    talk = records["10.48448/vwk3-ej62"]
    abstract = talk.pop("abstract_text")
    assert talk == {
        "doi": "10.48448/vwk3-ej62",
        "title": "The FAIR Island Project: Advancing Optimal Open Data Policies and Practices;",
        "work_type": "Audiovisual",
        "publication_date": date(2021, 1, 1),
        "updated_date": datetime(2022, 2, 25, 9, 16, 8, tzinfo=UTC),
        "publication_venue": "Underline Science Inc.",
        "authors": [person("Maria", "Praetzellis")],
        "institutions": [party("UC Libraries 2021"), party("UC CDL")],
        "funders": [],
        "awards": [],
        "relations": [],
    }
    assert abstract.startswith(
        "In response to the need for real-world implementations of Findable, Accessible, Interop"
    )


def test_a_presentation_with_two_awards(records: dict[str, Record]) -> None:
    talk = records["10.5281/zenodo.13207272"]
    science = party("U.S. National Science Foundation", "fundref", "100000001")
    assert talk.pop("abstract_text").endswith("facilitating their uptake by place-based institutions and projects.")
    assert talk == {
        "doi": "10.5281/zenodo.13207272",
        "title": ("Connecting to Downstream Outputs: Field Station Experiences Self-Publishing Project Applications"),
        "work_type": "Text",
        "publication_date": date(2024, 8, 2),
        "updated_date": datetime(2025, 9, 20, 16, 34, 2, tzinfo=UTC),
        "publication_venue": "Zenodo",
        "authors": [DAVIES, ROBINSON, person("Adam", "Hyde", "0000-0002-0016-1598")],
        "institutions": [GUMP, BERKELEY, GAME_CHANGERS, party("Coko Foundation")],
        "funders": [science],
        "awards": [award("2004642", science), award("2132549", science)],
        "relations": relations(
            ("IsPartOf", "10.60950/8ea646ef-fc61-4db1-8217-9729b051f6c1"), ("HasVersion", "10.5281/zenodo.13207273")
        ),
    }


def test_a_dataset_with_an_organisation_among_its_creators(records: dict[str, Record]) -> None:
    # "edmo:3818" is of no registry that we know, so the institution keeps its name only.
    dataset = records["10.5281/zenodo.15054258"]
    assert dataset.pop("abstract_text").startswith("Coastal erosion and sea level rise pose significant threats")
    assert dataset == {
        "doi": "10.5281/zenodo.15054258",
        "title": "2025 Coastal Monitoring and Benthic survey in Mo'orea, French Polynesia",
        "work_type": "Dataset",
        "publication_date": date(2025, 3, 20),
        "updated_date": datetime(2025, 3, 23, 0, 38, 36, tzinfo=UTC),
        "publication_venue": "Zenodo",
        "authors": [
            person("Liam", "Quinn", "0009-0002-2475-2250"),
            person("Aline", "Halstenberg", "0009-0006-1789-417x"),
            person("Ronnique", "Currie", "0009-0005-4222-9078"),
        ],
        "institutions": [party("University of California, Berkeley"), GUMP],
        "funders": [],
        "awards": [],
        "relations": relations(("IsDescribedBy", "10.48321/d1051db67d"), ("HasVersion", "10.5281/zenodo.15054259")),
    }


def test_a_policy_whose_creators_have_no_name_type(records: dict[str, Record]) -> None:
    # The community that it is part of is a URL, no DOI.
    policy = records["10.5281/zenodo.5735487"]
    assert policy == {
        "doi": "10.5281/zenodo.5735487",
        "title": "Generic Place-Based Research Data Policy",
        "abstract_text": (
            "The Generic Place-Based Research Data Policy is a template developed from the Tetiaroa Society Research "
            "Data Policy for the Tetiaroa Ecostation. This template is meant to be an evolving, starting point for "
            "other field stations"
        ),
        "work_type": "Text",
        "publication_date": date(2021, 11, 29),
        "updated_date": datetime(2021, 12, 14, 20, 23, 3, tzinfo=UTC),
        "publication_venue": "Zenodo",
        "authors": [DAVIES, CHODACKI, PRAETZELLIS, NANCARROW, ROBINSON],
        "institutions": [
            party("University of California, Berkeley"),
            party("University of California Curation Center (UC3)"),
            party("California Digital Library"),
            party("Metadata Game Changers LLC"),
        ],
        "funders": [],
        "awards": [],
        "relations": relations(
            ("HasVersion", "10.5281/zenodo.5735488"),
            ("HasVersion", "10.5281/zenodo.5735505"),
            ("HasVersion", "10.5281/zenodo.5735528"),
            ("HasVersion", "10.5281/zenodo.5781442"),
        ),
    }


def test_a_report_of_an_apostrophe_and_a_european_award(records: dict[str, Record]) -> None:
    report = records["10.5281/zenodo.6513733"]
    commission = party("European Commission", "fundref", "501100000780")
    assert report["title"] == "FAIRsFAIR review of Tetiaroa Research Data Policy"
    assert report["work_type"] == "Report"
    assert report["publication_date"] == date(2022, 5, 3)
    assert report["authors"] == [
        person("Ryan", "O'Connor", "0000-0001-5386-3932"),
        person("Federica", "Garbuglia", "0000-0002-9162-4446"),
    ]
    assert report["institutions"] == [party("Digital Curation Centre"), party("European Universities Association")]
    assert report["funders"] == [commission]
    assert report["awards"] == [award("831558", commission)]
    assert report["relations"] == relations(
        ("Cites", "10.5281/zenodo.3686900"),
        ("Cites", "10.5281/zenodo.5735487"),
        ("IsVersionOf", "10.5281/zenodo.6513732"),
    )


def test_software_of_one_author_without_identifiers(records: dict[str, Record]) -> None:
    assert records["10.5281/zenodo.6381087"] == {
        "doi": "10.5281/zenodo.6381087",
        "title": "FAIRIslandProject/Protocol-Template: Protocol Template 0.0.0",
        "abstract_text": "Publishing release for protocol template",
        "work_type": "Software",
        "publication_date": date(2022, 3, 24),
        "updated_date": datetime(2022, 4, 13, 20, 46, 15, tzinfo=UTC),
        "publication_venue": "Zenodo",
        "authors": [person("Erin", "Robinson")],
        "institutions": [],
        "funders": [],
        "awards": [],
        "relations": relations(("IsVersionOf", "10.5281/zenodo.6381086")),
    }


def test_a_paper_of_fourteen_authors_and_six_awards(records: dict[str, Record]) -> None:
    paper = records["10.5281/zenodo.10381316"]
    science = party("National Science Foundation", "fundref", "100000001")
    assert paper["title"].startswith("Exploring the Hidden Afterlives of Material Samples: How the Internet of Samples")
    assert paper["work_type"] == "ConferencePaper"
    assert len(paper["authors"]) == 14
    assert paper["authors"][4] == person("Saebyul", "Choe")
    assert paper["institutions"][:7] == [
        GAME_CHANGERS,
        party("New York University", "ror", "0190ak572"),
        party("DataCite", "ror", "04wxnsj81"),
        party("California Digital Library", "ror", "03yrm5c26"),
        party("Lamont-Doherty Earth Observatory", "ror", "02e2tgs60"),
        GUMP,
        BERKELEY,
    ]
    assert paper["funders"] == [science]
    numbers = ["2132549", "2129268", "2004839", "2004815", "2004562", "2004642"]
    assert paper["awards"] == [award(number, science) for number in numbers]
    assert paper["relations"] == relations(
        ("References", "10.3897/biss.6.95054"),
        ("References", "10.58052/ietrl0004"),
        ("References", "10.6084/m9.figshare.24291148.v1"),
        ("IsMetadataFor", "10.48321/d17598"),
        ("HasVersion", "10.5281/zenodo.10381317"),
    )


def test_markup_in_an_abstract_leaves_no_trace(records: dict[str, Record]) -> None:
    abstract = records["10.5281/zenodo.5117892"]["abstract_text"]
    assert "international research programs. Place-based data have a unique quality" in abstract


def test_every_record_has_title_authors_date_and_venue(records: dict[str, Record]) -> None:
    assert len(records) == 30
    for record in records.values():
        assert record["title"] and record["authors"] and record["publication_date"] and record["publication_venue"]
        assert all(author["surname"] and author["given_name"] for author in record["authors"])
