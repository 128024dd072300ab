"""The planted world from its download phases to the search engine: the counts of expected.json must come out."""

import json

import pyarrow.parquet as pq
import pytest

from dmpworks.catalog import CHAINS
from dmpworks.chains.process_works.jobs import CHAIN
from dmpworks.jobs.execute import execute
from tests.chains.process_works.oracle import works_index
from tests.chains.process_works.test_oracle import check

DATASETS = ("ror", "openalex-works", "crossref-metadata", "datacite", "data-citation-corpus")
RUN_IDS = {f"{name.upper().replace('-', '_')}_RUN_ID": "2026-10-01" for name in (*DATASETS, "process-works")}


def run(bucket, chain, job, **more):
    """Run a job as its container would."""
    return execute(CHAINS, chain, chain.job(job), {"ENV": "dev", "BUCKET_NAME": str(bucket.root)} | RUN_IDS | more)


def rows(bucket, folder):
    """Read all Parquet files of a folder."""
    return [row for path in sorted((bucket.root / folder).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.fixture(scope="module")
def expected(data):
    return json.loads((data / "planted" / "expected.json").read_text())


@pytest.fixture
def transformed(planted):
    """The planted world with all datasets transformed."""
    for chain in CHAINS:
        if chain.name in DATASETS:
            run(planted, chain, "transform")
    return planted


def test_the_planted_world(transformed, expected):
    manifest = run(transformed, CHAIN, "sqlmesh-transform")
    also, index = manifest.counts.also, expected["works index"]
    assert manifest.counts.read == manifest.counts.written == index["distinct DOIs, xpac left out"]
    assert (
        also["from DataCite"]
        == index["from DataCite"]
        == expected["datacite"]["distinct DOIs"]
        == also["DataCite DOIs"]
    )
    assert also["from OpenAlex"] == index["from OpenAlex, xpac left out"]
    assert also["in both"] == index["DOIs in both, xpac left out"]
    assert also["OpenAlex DOIs"] == expected["openalex"]["distinct DOIs, xpac left out"]
    assert also["OpenAlex records that repeat a DOI"] == expected["openalex"]["lines that repeat a DOI, xpac left out"]
    assert also["DataCite records that repeat a DOI"] == expected["datacite"]["lines that repeat a DOI"]
    plans = "DataCite records of type OutputManagementPlan"
    assert also[plans] == expected["datacite"]["lines of type OutputManagementPlan"]
    assert also["Crossref DOIs"] == expected["crossref"]["distinct DOIs"]
    assert also["only in Crossref, left out"] == expected["crossref"]["DOIs that no other source has"]
    corpus = expected["data citation corpus"]
    assert also["citations that repeat a pair"] == corpus["rows that repeat a pair with another id"]
    assert also["citations of itself"] == corpus["rows where a DOI cites itself"]
    pairs = expected["relations (distinct DOI pairs, none to itself)"]
    for kind in ("intra_work", "shared_project", "dataset_citation"):
        name = f"{kind.replace('_', '-')} pairs"
        assert also[f"{name}, stated"] == pairs[f"{kind}, stated"]
        assert also[f"{name}, left without hubs"] == pairs[f"{kind}, left with at most 100 partners"]

    works = {work["doi"]: work for work in rows(transformed, "process-works/2026-10-01/export")}
    check(works, works_index({dataset: rows(transformed, f"{dataset}/2026-10-01/transform") for dataset in DATASETS}))

    synced = run(transformed, CHAIN, "sync-works")
    assert synced.counts.also["upserted"] == index["distinct DOIs, xpac left out"]


def test_the_planted_world_with_xpac(transformed, expected):
    (openalex,) = [chain for chain in CHAINS if chain.name == "openalex-works"]
    run(transformed, openalex, "transform", OPENALEX_WORKS_TRANSFORM_INCLUDE_XPAC="true")
    manifest = run(transformed, CHAIN, "sqlmesh-transform")
    assert manifest.counts.read == expected["works index"]["distinct DOIs, xpac kept"]
    assert manifest.counts.also["OpenAlex DOIs"] == expected["openalex"]["distinct DOIs, xpac kept"]
    repeated = expected["openalex"]["lines that repeat a DOI, xpac kept"]
    assert manifest.counts.also["OpenAlex records that repeat a DOI"] == repeated
