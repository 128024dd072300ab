"""The counts that the planted world must give: `expected.json` against manifests, works index and relations."""

import json
from collections import Counter

import polars as pl
import pytest

from tests.conftest import DATA
from tests.end_to_end.world import manifest

EXPECTED = json.loads((DATA / "planted" / "expected.json").read_text())


@pytest.fixture(scope="session")
def rows(embedded_world):
    """Read the Parquet files that a manifest lists, of one folder if it writes several."""

    def read(chain: str, job: str, folder: str = "") -> pl.DataFrame:
        keys = [file.key for file in manifest(embedded_world, chain, job).files if file.key.endswith(".parquet")]
        return pl.read_parquet([embedded_world.root / key for key in keys if f"/{folder}" in key])

    return read


def test_openalex(embedded_world, rows):
    expected, counts = EXPECTED["openalex"], manifest(embedded_world, "openalex-works", "transform").counts
    dois = rows("openalex-works", "transform")["doi"]
    assert counts.read == expected["lines"]
    assert counts.dropped["xpac"] == expected["lines flagged xpac"]
    assert counts.dropped["no DOI"] == expected["lines without a DOI among those not xpac"]
    assert dois.n_unique() == expected["distinct DOIs, xpac left out"]
    assert len(dois) - dois.n_unique() == expected["lines that repeat a DOI, xpac left out"]


def test_crossref(embedded_world, rows):
    expected, counts = EXPECTED["crossref"], manifest(embedded_world, "crossref-metadata", "transform").counts
    assert counts.read == expected["lines"]
    assert rows("crossref-metadata", "transform")["doi"].n_unique() == expected["distinct DOIs"]


def test_crossref_abstracts(rows):
    # five of the elements hold an abstract that says nothing: see "Dirty but legal" in PLANT.md
    says_something = EXPECTED["crossref"]["lines with an abstract element"] - 5
    assert rows("crossref-metadata", "transform")["abstract_text"].is_not_null().sum() == says_something


def test_crossref_dois_that_no_other_source_has(embedded_world):
    counts = manifest(embedded_world, "process-works", "sqlmesh-transform").counts
    assert counts.also["only in Crossref, left out"] == EXPECTED["crossref"]["DOIs that no other source has"]


def test_datacite(embedded_world, rows):
    expected, counts = EXPECTED["datacite"], manifest(embedded_world, "datacite", "transform").counts
    table = rows("datacite", "transform")
    assert counts.read == expected["lines"]
    assert table["doi"].n_unique() == expected["distinct DOIs"]
    assert len(table) - table["doi"].n_unique() == expected["lines that repeat a DOI"]
    assert (table["work_type"] == "OutputManagementPlan").sum() == expected["lines of type OutputManagementPlan"]


def test_data_citation_corpus(embedded_world, rows):
    expected, counts = (
        EXPECTED["data citation corpus"],
        manifest(embedded_world, "data-citation-corpus", "transform").counts,
    )
    pairs = rows("data-citation-corpus", "transform")
    assert counts.read == expected["rows"]
    assert counts.read - counts.written == expected["rows with an accession number instead of a DOI"]
    itself = pairs.filter(pl.col("publication_doi") == pl.col("dataset_doi"))
    assert len(itself) == expected["rows where a DOI cites itself"]


def test_ror(embedded_world, rows):
    expected, table = EXPECTED["ror"], rows("ror", "transform")
    assert manifest(embedded_world, "ror", "transform").counts.written == expected["organisations"]
    assert (table["status"] != "active").sum() == expected["not active"]
    assert table["types"].list.contains("funder").sum() == expected["of them funders"]


def test_plans(embedded_world):
    expected, counts = EXPECTED["dmps"], manifest(embedded_world, "process-dmps", "sync-dmps").counts
    assert (counts.read, counts.written) == (expected["lines"], expected["usable plans"])
    assert counts.dropped["older state"] == expected["lines of an older state of a plan"]
    assert counts.dropped["no dmp_id"] == expected["plans without dmp_id"]
    assert counts.dropped["starts in or before 1900"] == expected["plans that start in or before 1900"]


def test_works_index(rows):
    expected, works = EXPECTED["works index"], rows("process-works", "sqlmesh-transform", "export")
    assert len(works) == works["doi"].n_unique() == expected["distinct DOIs, xpac left out"]
    by_source = Counter(works["source"].struct.field("name"))
    assert by_source["DataCite"] == expected["from DataCite"]
    assert by_source["OpenAlex"] == expected["from OpenAlex, xpac left out"]


def test_dois_in_both_sources(rows):
    both = set(rows("openalex-works", "transform")["doi"]) & set(rows("datacite", "transform")["doi"])
    assert len(both) == EXPECTED["works index"]["DOIs in both, xpac left out"]


@pytest.mark.parametrize(
    ("kind", "figure"),
    [
        ("intra_work", "intra-work pairs"),
        ("shared_project", "shared-project pairs"),
        ("dataset_citation", "dataset-citation pairs"),
    ],
)
def test_relations(embedded_world, kind, figure):
    expected = EXPECTED["relations (distinct DOI pairs, none to itself)"]
    counts = manifest(embedded_world, "process-works", "sqlmesh-transform").counts
    assert counts.also[f"{figure}, stated"] == expected[f"{kind}, stated"]
    assert counts.also[f"{figure}, left without hubs"] == expected[f"{kind}, left with at most 100 partners"]


def test_citations_that_say_nothing_new(embedded_world):
    expected, counts = EXPECTED["data citation corpus"], manifest(embedded_world, "process-works", "sqlmesh-transform")
    assert counts.counts.also["citations that repeat a pair"] == expected["rows that repeat a pair with another id"]
