"""The real Crossref records, field by field against what a person reads in them."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dmpworks.chains.crossref_metadata.jobs import Scope, Transform, transform
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import rows


@pytest.fixture
def records(bucket: Bucket, data: Path, make_run: Callable[..., Run]) -> dict[str, dict[str, Any]]:
    """The four real records after the transform, by DOI; here they lie unpacked."""
    assert bucket.root
    folder = bucket.root / "crossref-metadata/2026-10-01/download"
    folder.mkdir(parents=True)
    shutil.copy(data / "real/crossref-metadata.jsonl.gz", folder / "0.jsonl.gz")
    run = make_run(bucket, "crossref-metadata", "transform")
    assert transform(run, Transform(workers=1), Scope(), BadRecords()) == Counts(read=4, written=4)
    return {row["doi"]: row for row in rows(run)}


def fundref(name: str, id: str) -> dict[str, str]:
    return {"name": name, "id_type": "fundref", "id": id}


def award(award_id: str, funder: dict[str, str]) -> dict[str, str]:
    return {
        "award_id": award_id,
        "funder_name": funder["name"],
        "funder_id_type": funder["id_type"],
        "funder_id": funder["id"],
    }


def test_an_article_of_two_funders(records: dict[str, dict[str, Any]]) -> None:
    medical = fundref("UK Research and Innovation Medical Research Council", "501100000265")
    biological = fundref("Biotechnology and Biological Sciences Research Council", "501100000268")
    assert records["10.1016/j.molcel.2024.10.026"] == {
        "doi": "10.1016/j.molcel.2024.10.026",
        "title": "DNA nicks in both leading and lagging strand templates can trigger break-induced replication",
        "abstract_text": None,
        "updated_date": datetime(2025, 1, 24, 12, 59, 29, tzinfo=UTC),
        "funders": [medical, biological],
        "awards": [
            award("MR/V009214/1", medical),
            award("BB/P019706/1", biological),
            award("BB/V00073X/1", biological),
        ],
        "relations": [],
    }


def test_an_article_of_four_funders(records: dict[str, dict[str, Any]]) -> None:
    article = records["10.1002/smll.202402255"]
    assert article["title"] == (
        "Dynamic Interchain Motion in 1D Tetrathiafulvalene‐Based Coordination Polymers "
        "for Highly Sensitive Molecular Recognition"
    )
    assert article["updated_date"] == datetime(2024, 6, 5, 10, 48, 5, tzinfo=UTC)
    china = fundref("National Natural Science Foundation of China", "501100001809")
    jiangsu = fundref("Natural Science Foundation of Jiangsu Province", "501100004608")
    beijing = fundref("Beijing National Laboratory for Molecular Sciences", "501100021187")
    central = fundref("Fundamental Research Funds for the Central Universities", "501100012226")
    assert article["funders"] == [china, jiangsu, beijing, central]
    assert article["awards"] == [
        award("22275084", china),
        award("22301135", china),
        award("BK20220069", jiangsu),
        award("BK20220928", jiangsu),
        award("BNLMS202107", beijing),
        award("30922010301", central),
        award("020514380294", central),
    ]


def test_formulas_lose_their_markup_and_stay_words(records: dict[str, dict[str, Any]]) -> None:
    abstract = records["10.1002/smll.202402255"]["abstract_text"]
    assert "namely [Co(m‐H2TTFTB)(DMF)2(H2O)]n (Co‐m‐TTFTB), and {[Ni(m‐H2TTFTB)(CH3CH2OH)1.5(H2O)1.5]" in abstract
    assert "<" not in abstract
    assert abstract.endswith("highly sensitive room temperature gas detection.")


def test_an_article_with_an_award(records: dict[str, dict[str, Any]]) -> None:
    article = records["10.1093/gigascience/giad004"]
    science = fundref("National Science Foundation", "100000001")
    assert article["title"] == "FAIR Island: real-world examples of place-based open science"
    assert "The relationship between people, place, and data presents challenges" in article["abstract_text"]
    assert article["updated_date"] == datetime(2023, 12, 9, 6, 29, 16, tzinfo=UTC)
    assert article["funders"] == [science]
    assert article["awards"] == [award("2132549", science)]


def test_an_article_with_three_awards(records: dict[str, dict[str, Any]]) -> None:
    article = records["10.1039/d2sc03321f"]
    research = fundref("Deutsche Forschungsgemeinschaft", "501100001659")
    assert article["title"] == (
        "Cationic molybdenum oxo alkylidenes stabilized by N-heterocyclic carbenes: "
        "from molecular systems to efficient supported metathesis catalysts"
    )
    assert article["abstract_text"] == (
        "The first cationic molybdenum oxo complexes were synthesized and immobilized on partially dehydroxylated "
        "silica. Vastly enhanced catalytic activity for terminal olefins was found compared to their neutral congeners."
    )
    assert article["updated_date"] == datetime(2024, 4, 17, 19, 6, 42, tzinfo=UTC)
    assert article["awards"] == [
        award("358283783", research),
        award("SFB 1333/2 2022", research),
        award("BU2174/22-1", research),
    ]
