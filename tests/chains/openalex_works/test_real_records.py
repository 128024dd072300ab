"""Real records field by field, against expectations that a person wrote down from the published records."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dmpworks.chains.openalex_works.schema import SCHEMA, Row
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Award, Party
from tests.chains.openalex_works.made import Transformed

ZENODO = "Zenodo (CERN European Organization for Nuclear Research)"
XPAC_UPDATE = datetime(2025, 11, 6, 6, 51, 31, 235000, UTC)


def author(full: str, given: str, surname: str, orcid: str | None = None, middle: str | None = None) -> Person:
    return Person(orcid, given[0], given, middle, None, surname, full)


def ror(name: str, identifier: str) -> Party:
    return Party(name, "ror", identifier)


def rows_of(path: Path) -> list[Row]:
    made = Transformed(path)
    assert made.notes == {"ORCIDs not understood": 3}  # the address of ORCID without an id
    assert not made.dropped
    return made.rows


@pytest.fixture(scope="module", params=["openalex-works.jsonl.gz", "openalex-works.parquet"])
def works(request: pytest.FixtureRequest, data: Path) -> dict[str, Row]:
    rows = rows_of(data / "real" / request.param)
    assert len(rows) == 34
    return {one.doi: one for one in rows}


def test_both_copies_give_the_same_rows(data: Path) -> None:
    assert rows_of(data / "real" / "openalex-works.jsonl.gz") == rows_of(data / "real" / "openalex-works.parquet")


def test_all_real_works_have_a_title_and_authors(works: dict[str, Row]) -> None:
    assert all(work.title and work.authors and work.publication_date and work.updated_date for work in works.values())
    assert sum(work.is_xpac for work in works.values()) == 27
    assert Row._fields == tuple(SCHEMA.names)


def test_an_article_with_funders_and_awards(works: dict[str, Row]) -> None:
    dfg = ror("Deutsche Forschungsgemeinschaft", "018mejw64")
    abstract = works["10.1039/d2sc03321f"].abstract_text or ""
    assert abstract.startswith(
        "The first cationic molybdenum oxo complexes were synthesized and immobilized on partially"
    )
    assert abstract.endswith("for terminal olefins was found compared to their neutral congeners.")
    assert works["10.1039/d2sc03321f"]._replace(abstract_text=None) == Row(
        doi="10.1039/d2sc03321f",
        openalex_id="w4285049136",
        title="Cationic molybdenum oxo alkylidenes stabilized by N-heterocyclic carbenes: from molecular systems to "
        "efficient supported metathesis catalysts",
        abstract_text=None,
        work_type="article",
        publication_date=date(2022, 1, 1),
        updated_date=datetime(2025, 11, 6, 3, 46, 38, 306000, UTC),
        publication_venue="Chemical Science",
        is_xpac=False,
        mag=None,
        pmid="35974748",
        pmcid=None,
        funder_ids=["f4320320879", "f4320321038"],
        authors=[
            author("Janis V. Musso", "Janis", "Musso", "0000-0002-8714-4511", "V"),
            author("Jordan De Jesus Silva", "Jordan", "De Jesus Silva", "0000-0002-0685-159x"),
            author("Mathis J. Benedikter", "Mathis", "Benedikter", None, "J"),
            author("Jonas Groos", "Jonas", "Groos"),
            author("Wolfgang Frey", "Wolfgang", "Frey", "0000-0002-6522-4190"),
            author("Christophe Copéret", "Christophe", "Copéret", "0000-0001-9660-3890"),
            author("Michael R. Buchmeiser", "Michael", "Buchmeiser", "0000-0001-6472-5156", "R"),
        ],
        institutions=[
            ror("University of Stuttgart", "04vnq7t77"),
            ror("ETH Zurich", "05a28rw58"),
            ror("Deutschen Institute für Textil und Faserforschung", "03tgwp072"),
        ],
        funders=[dfg, ror("Fonds National de la Recherche Luxembourg", "039z13y21")],
        awards=[Award(award_id, *dfg) for award_id in ("SFB 1333/2 2022", "BU2174/22-1", "358283783")],
    )


def test_funders_with_and_without_ror_and_the_same_institutions_of_many_authors(works: dict[str, Row]) -> None:
    work = works["10.1002/smll.202402255"]
    nsfc = ror("National Natural Science Foundation of China", "01h0zpd94")
    jiangsu = ror("Natural Science Foundation of Jiangsu Province", "01h0zpd94")
    central = Party("Fundamental Research Funds for the Central Universities")
    laboratory = ror("Beijing National Laboratory for Molecular Sciences", "02601yx74")
    assert work.title == (
        "Dynamic Interchain Motion in 1D Tetrathiafulvalene‐Based Coordination Polymers for Highly Sensitive "
        "Molecular Recognition"
    )
    assert (work.work_type, work.publication_date, work.pmid) == ("article", date(2024, 6, 5), "38837847")
    assert [person.surname for person in work.authors] == [
        "Yang",
        "Xiao",
        "Zhang",
        "Liu",
        "Liu",
        "Tang",
        "Gao",
        "Su",
        "Ding",
        "Zuo",
    ]
    assert work.authors[1] == author("Han Xiao", "Han", "Xiao", "0000-0002-4311-971x")
    assert work.institutions == [
        ror("Nanjing University", "01rxvg760"),
        ror("Collaborative Innovation Center of Advanced Microstructures", "04ttadj76"),
        ror("State Key Laboratory of Pollution Control and Resource Reuse", "00073tb80"),
        ror("Nanjing University of Science and Technology", "00xp9wg62"),
    ]
    assert work.funders == [nsfc, jiangsu, central, laboratory]
    assert work.funder_ids == ["f4320321001", "f4320322769", "f4320335787", "f4320338253"]
    assert work.awards == [
        Award("22301135", *nsfc),
        Award("30922010301", *central),
        Award("020514380294", *central),
        Award("22275084", *nsfc),
        Award("BNLMS202107", *laboratory),
        Award("BK20220928", *jiangsu),
        Award("BK20220069", *jiangsu),
    ]


def test_the_same_award_twice_and_an_author_with_a_raw_affiliation_only(works: dict[str, Row]) -> None:
    work = works["10.1016/j.molcel.2024.10.026"]
    mrc = ror("Medical Research Council", "03x94j517")
    bbsrc = ror("Biotechnology and Biological Sciences Research Council", "00cwqg982")
    assert work.title == "DNA nicks in both leading and lagging strand templates can trigger break-induced replication"
    assert work.abstract_text is None
    assert (work.publication_venue, work.updated_date) == (
        "Molecular Cell",
        datetime(2026, 1, 13, 1, 12, 25, 745000, UTC),
    )
    assert work.authors == [
        author("Yuanlin Xu", "Yuanlin", "Xu", "0000-0003-0742-9945"),
        author("Carl A. Morrow", "Carl", "Morrow", "0000-0002-3650-0117", "A"),
        author("Yassine Laksir", "Yassine", "Laksir"),
        author("Orla M Holt", "Orla", "Holt", None, "M"),
        author("Kezia Taylor", "Kezia", "Taylor"),
        author("Costas Tsiappourdhi", "Costas", "Tsiappourdhi"),
        author("Patrick L. Collins", "Patrick", "Collins", "0000-0003-4550-4272", "L"),
        author("Jia Su", "Jia", "Su"),
        author("Christos Andreadis", "Christos", "Andreadis", "0000-0003-3266-4824"),
        author("Matthew C. Whitby", "Matthew", "Whitby", "0000-0003-0951-3374", "C"),
    ]
    assert work.institutions == [
        ror("University of Oxford", "052gg0110"),
        Party(
            "Department of Biochemistry, University of Oxford, South Parks Road, Oxford OX1 3QU, UK. "
            "Electronic address: matthew.whitby@bioch.ox.ac.uk"
        ),
    ]
    assert work.funders == [mrc, bbsrc]
    assert work.awards == [Award("BB/P019706/1", *bbsrc), Award("BB/V00073X/1", *bbsrc), Award("MR/V009214/1", *mrc)]


def test_an_article_of_the_gigascience_journal(works: dict[str, Row]) -> None:
    work = works["10.1093/gigascience/giad004"]
    nsf = ror("National Science Foundation", "021nxhr62")
    assert work.title == "FAIR Island: real-world examples of place-based open science"
    assert (work.abstract_text or "").startswith("Abstract The relationship between people, place, and data presents")
    assert [person.surname for person in work.authors] == [
        "Robinson", "Buys", "Chodacki", "Garza", "Monfort", "Nancarrow", "Praetzellis", "Riley", "Wimalaratne",
        "Davies",
    ]  # fmt: skip
    assert work.institutions == [
        ror("University of Colorado Boulder", "02ttsq026"),
        ror("Metadata Game Changers (United States)", "05bp8ka05"),
        ror("DataCite", "04wxnsj81"),
        ror("California Digital Library", "03yrm5c26"),
        ror("University of California Office of the President", "00dmfq477"),
        Party(
            "Natural Reserve System, Office of Research & Innovation, University of California , Oakland, "
            "CA 94607 , USA"
        ),
        ror("University of California, Berkeley", "01an7q238"),
        ror("Gump South Pacific Research Station", "04sk0et52"),
    ]
    assert (work.funders, work.awards) == ([nsf], [Award("2132549", *nsf)])


def test_a_dataset_with_an_organisation_among_its_authors(works: dict[str, Row]) -> None:
    work = works["10.5281/zenodo.15054258"]
    assert work._replace(abstract_text=None) == Row(
        doi="10.5281/zenodo.15054258",
        openalex_id="w6912142248",
        title="2025 Coastal Monitoring and Benthic survey in Mo'orea, French Polynesia",
        abstract_text=None,
        work_type="dataset",
        publication_date=date(2025, 3, 10),
        updated_date=XPAC_UPDATE,
        publication_venue=ZENODO,
        is_xpac=True,
        mag=None,
        pmid=None,
        pmcid=None,
        funder_ids=[],
        authors=[
            author("Quinn, Liam", "Liam", "Quinn", "0009-0002-2475-2250"),
            author("Halstenberg, Aline", "Aline", "Halstenberg"),
            Person(full="Gump South Pacific Research Station"),
            author("Currie, Ronnique", "Ronnique", "Currie", "0009-0005-4222-9078"),
        ],
        institutions=[ror("University of California, Berkeley", "01an7q238")],
        funders=[],
        awards=[],
    )


def test_names_with_the_surname_first_and_an_empty_orcid(works: dict[str, Row]) -> None:
    work = works["10.5281/zenodo.10381316"]
    assert work.authors[0] == author("Robinson, Erin", "Erin", "Robinson", "0000-0001-9998-0114")
    assert work.authors[11] == author("Vieglais, Dave", "Dave", "Vieglais")  # the record has "https://orcid.org/"
    assert Party("National Museum of Natural History") in work.institutions
    assert len(work.authors) == 14
