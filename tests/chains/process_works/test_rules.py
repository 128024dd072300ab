"""The rules of the works index, on the job as a whole: which record wins, ids, awards, relations, types, hashes."""

import random

import pytest

from dmpworks.services.storage import open_bucket
from tests.chains.process_works.world import (
    SCHEMAS,
    World,
    author,
    award,
    crossref,
    datacite,
    day,
    openalex,
    party,
    relation,
)

NSF = {"ror": "021nxhr62", "name": "U.S. National Science Foundation", "status": "active"} | {
    "external_ids": [{"id_type": "fundref", "id": "100000001"}, {"id_type": "isni", "id": "0000 0001 2158 1063"}]
}
OLD = {
    "ror": "000000001",
    "name": "Older",
    "status": "withdrawn",
    "external_ids": [{"id_type": "grid", "id": "grid.7"}],
}
NEW = {"ror": "099999999", "name": "Newer", "status": "active", "external_ids": [{"id_type": "grid", "id": "grid.7"}]}

RELATION_KINDS = {  # a sample of each group of facts/works-index.md
    "intra_work_dois": ("is-preprint-of", "has-version", "is-identical-to", "replaces", "is-translation-of"),
    "possible_shared_project_dois": ("is-derived-from", "is-supplemented-by", "has-part", "continues", "documents"),
    None: ("references", "is-review-of", "is-comment-on", "requires"),
}
DATACITE_KINDS = {
    "intra_work_dois": ("IsPartOf", "HasVersion", "IsNewVersionOf", "IsIdenticalTo", "Obsoletes", "IsPublishedIn"),
    "possible_shared_project_dois": ("IsSupplementTo", "IsDerivedFrom", "IsDocumentedBy", "Describes", "Compiles"),
    None: ("Cites", "References", "IsReviewedBy", "Requires"),
}
WORK_TYPES = {
    "Film": "AUDIO_VISUAL",
    "ComputationalNotebook": "SOFTWARE",
    "Text": "ARTICLE",
    "Model": "DATASET",
    "Instrument": "PHYSICAL_OBJECT",
    "OutputManagementPlan": "OUTPUT_MANAGEMENT_PLAN",
    "Workflow": "OTHER",
    None: "OTHER",
}


def relations_of(kinds: dict, prefix: str) -> list[dict]:
    """One record that names one partner by each type."""
    return [relation(kind, f"10.9/{prefix}-{kind.lower()}") for types in kinds.values() for kind in types]


def inputs() -> dict[str, list[dict]]:
    """One row or more for each rule."""
    return {
        "ror": [NSF, OLD, NEW],
        "openalex-works": [
            openalex("10.1/both", "w1", title="OpenAlex", updated_date=day(9), awards=[award("B-2"), award("a-1")]),
            openalex(
                "10.1/twice",
                "w2",
                title="Short",
                abstract_text="The longer abstract",
                pmid="1",
                updated_date=day(2),
                publication_date=day(1).date(),
                awards=[award("X")],
                authors=[author("Of Two")],
            ),
            openalex(
                "10.1/twice",
                "w3",
                title="The longer title",
                abstract_text="Short",
                pmid="1",
                mag="2",
                publication_date=day(5).date(),
                authors=[author("Of Three")],
                work_type="book-chapter",
                institutions=[
                    party("NSF", "isni", "0000000121581063"),
                    party("Zeta"),
                    party("Alpha", "ror", "0new00001"),
                ],
            ),
            openalex("10.1/hub", "w4"),
            openalex("10.1/new-type", "w5", work_type="hologram"),
            openalex("10.1/tie", "w7", title="Seven"),
            openalex("10.1/tie", "w6", title="Sixty"),
            *(openalex(f"10.1/member-{number}", f"w1{number}") for number in range(5)),
        ],
        "crossref-metadata": [
            crossref(
                "10.1/twice",
                title="Crossref knows by far the longest title",
                updated_date=day(7),
                awards=[award("X", "NSF", "fundref", "100000001"), award("y", "Another Fund")],
            ),
            crossref(
                "10.1/twice", title="An older record with a title that is longer than any other", updated_date=day(6)
            ),
            crossref("10.1/only-crossref", title="Left out", relations=[relation("is-preprint-of", "10.1/tie")]),
            crossref("10.1/cr-kinds", relations=relations_of(RELATION_KINDS, "cr")),
            *(crossref(f"10.1/member-{number}", relations=[relation("is-part-of", "10.1/hub")]) for number in range(4)),
            crossref("10.1/member-4", relations=[relation("is-version-of", "10.1/hub")]),
        ],
        "datacite": [
            datacite("10.1/both", title="DataCite", updated_date=day(3), awards=[award("A-1", "Fund")]),
            datacite("10.1/both", title="DataCite, an older record", updated_date=day(2)),
            datacite(
                "10.1/dc-kinds", relations=[*relations_of(DATACITE_KINDS, "dc"), relation("IsPartOf", "10.1/dc-kinds")]
            ),
            datacite(
                "10.1/cr-kinds", institutions=[party("Grid", "grid", "grid.7"), party("Grid", "ror", "099999999")]
            ),
            *(datacite(f"10.1/type-{raw}".lower(), work_type=raw) for raw in WORK_TYPES),
        ],
        "data-citation-corpus": [
            {"publication_doi": "10.1/tie", "dataset_doi": "10.1/both"},
            {"publication_doi": "10.1/tie", "dataset_doi": "10.1/both"},
            {"publication_doi": "10.1/tie", "dataset_doi": "10.1/tie"},
            {"publication_doi": "10.1/tie", "dataset_doi": "10.1/type-text"},
        ],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A world with all of that, and the manifest of its transform."""
    folder = tmp_path_factory.mktemp("rules") / "bucket"
    folder.mkdir()
    world = World(open_bucket(str(folder)))
    for dataset, rows in inputs().items():
        world.write(dataset, rows)
    return world, world.transform(max_relation_degrees=14)


@pytest.fixture(scope="module")
def works(made):
    world, manifest = made
    return world.works(manifest)


def dois(work: dict, kind: str) -> list[str]:
    return [item["doi"] for item in work["relations"][kind]]


def test_datacite_wins_with_its_newest_record_and_openalex_adds_awards(works):
    work = works["10.1/both"]
    assert (work["title"], work["updated_date"], work["work_type"]) == ("DataCite", day(9), "DATASET")
    assert work["source"] == {"name": "DataCite", "url": "https://commons.datacite.org/doi.org/10.1/both"}
    assert [item["award_id"] for item in work["awards"]] == ["A-1", "a-1", "B-2"]


def test_the_fullest_openalex_record_wins_with_the_longest_texts_and_the_newest_dates(works):
    work = works["10.1/twice"]
    assert work["source"] == {"name": "OpenAlex", "url": "https://openalex.org/W3"}
    assert work["title"] == "Crossref knows by far the longest title"
    assert work["abstract_text"] == "The longer abstract"
    assert [item["full"] for item in work["authors"]] == ["Of Three"]
    assert (work["publication_date"], work["updated_date"]) == (day(5).date(), day(7))
    assert work["work_type"] == "BOOK_CHAPTER"


def test_equally_full_openalex_records_are_ordered_by_id(works):
    assert works["10.1/tie"]["source"]["url"] == "https://openalex.org/W6"


def test_awards_of_all_sources_are_one_list(works):
    assert works["10.1/twice"]["awards"] == [
        {"award_id": "X", "funder_name": "NSF", "funder_ror": "021nxhr62"},
        {"award_id": "y", "funder_name": "Another Fund", "funder_ror": None},
    ]


def test_ids_become_ror_ids_in_source_order(works):
    assert works["10.1/twice"]["institutions"] == [
        {"name": "NSF", "ror": "021nxhr62"},
        {"name": "Zeta", "ror": None},
        {"name": "Alpha", "ror": "0new00001"},
    ]
    assert works["10.1/cr-kinds"]["institutions"] == [{"name": "Grid", "ror": "099999999"}]  # the active one, once


def test_a_doi_that_only_crossref_has_is_left_out_but_its_relations_count(works):
    assert "10.1/only-crossref" not in works
    assert dois(works["10.1/tie"], "intra_work_dois") == ["10.1/only-crossref"]


@pytest.mark.parametrize(("raw", "expected"), WORK_TYPES.items())
def test_datacite_types(works, raw, expected):
    assert works[f"10.1/type-{raw}".lower()]["work_type"] == expected


def test_an_unknown_type_is_taken_over_and_counted(made, works):
    assert works["10.1/new-type"]["work_type"] == "HOLOGRAM"


@pytest.mark.parametrize(
    ("doi", "prefix", "kinds"), [("10.1/cr-kinds", "cr", RELATION_KINDS), ("10.1/dc-kinds", "dc", DATACITE_KINDS)]
)
def test_relation_types_by_kind(works, doi, prefix, kinds):
    for kind in ("intra_work_dois", "possible_shared_project_dois"):
        assert dois(works[doi], kind) == sorted(f"10.9/{prefix}-{name.lower()}" for name in kinds[kind])


def test_citations_are_symmetric_distinct_and_never_to_itself(works):
    assert dois(works["10.1/tie"], "dataset_citation_dois") == ["10.1/both", "10.1/type-text"]
    assert dois(works["10.1/both"], "dataset_citation_dois") == ["10.1/tie"]


def test_a_hub_loses_the_relations_of_that_type_only(made):
    world, _ = made
    works = world.works(world.transform(max_relation_degrees=3))
    assert dois(works["10.1/hub"], "possible_shared_project_dois") == []
    assert dois(works["10.1/member-0"], "possible_shared_project_dois") == []
    assert dois(works["10.1/hub"], "intra_work_dois") == ["10.1/member-4"]


def test_the_hash_does_not_depend_on_the_order_of_reading(made, works, bucket):
    world, shuffle = World(bucket), random.Random(7)
    for dataset, rows in inputs().items():
        shuffle.shuffle(rows)
        for row in rows:
            if "relations" in row:
                shuffle.shuffle(row["relations"])
        half = len(rows) // 2
        world.write(dataset, rows[half:], rows[:half], [])
    assert set(inputs()) == set(SCHEMAS)
    again = world.works(world.transform(max_relation_degrees=14))
    assert {doi: work["hash"] for doi, work in again.items()} == {doi: work["hash"] for doi, work in works.items()}
    assert again == works
