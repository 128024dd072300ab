"""The counts that the planted world's expected.json states for OpenAlex."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dmpworks.chains.openalex_works.jobs import Scope, Transform, transform
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords

MakeRun = Callable[..., Run]


@pytest.fixture
def expected(data: Path) -> dict[str, int]:
    found: dict[str, int] = json.loads((data / "planted" / "expected.json").read_bytes())["openalex"]
    return found


def transformed(
    run: Run, include_xpac: bool = False, workers: int = 1, use_subset: bool = False
) -> tuple[Counts, list[str]]:
    options = Transform(workers=workers, include_xpac=include_xpac)
    counts = transform(run, Scope(use_subset=use_subset), options, BadRecords(max_bad_records=0.0))
    assert counts.accounted
    assert run.bucket.root
    paths = [run.bucket.root / file.key for file in run.outputs]
    return counts, [doi for path in paths for doi in pq.read_table(path, columns=["doi"]).column(0).to_pylist()]


def test_without_the_expansion_pack(planted: Bucket, make_run: MakeRun, expected: dict[str, int]) -> None:
    counts, dois = transformed(make_run(planted, "openalex-works", "transform"), workers=2)
    assert counts.read == expected["lines"]
    assert counts.dropped == {
        "xpac": expected["lines flagged xpac"],
        "no DOI": expected["lines without a DOI among those not xpac"],
    }
    assert counts.quarantined == 0
    assert len(set(dois)) == expected["distinct DOIs, xpac left out"]
    assert len(dois) - len(set(dois)) == expected["lines that repeat a DOI, xpac left out"]


def test_with_the_expansion_pack(planted: Bucket, make_run: MakeRun, expected: dict[str, int]) -> None:
    counts, dois = transformed(make_run(planted, "openalex-works", "transform"), include_xpac=True)
    assert counts.read == expected["lines"]
    assert counts.dropped == {"no DOI": expected["lines without a DOI"]}
    assert len(set(dois)) == expected["distinct DOIs, xpac kept"]
    assert len(dois) - len(set(dois)) == expected["lines that repeat a DOI, xpac kept"]


def test_a_subset_keeps_listed_works_and_those_of_listed_institutions(planted: Bucket, make_run: MakeRun) -> None:
    counts, dois = transformed(make_run(planted, "openalex-works", "transform"), use_subset=True)
    listed = set(json.loads(planted.get("meta/work_dois.json")))
    _, everything = transformed(make_run(planted, "openalex-works", "transform"))
    assert counts.dropped["not in subset"] == len(everything) - len(dois) > 1000
    assert set(everything) & listed <= set(dois)
    assert set(dois) - listed  # by institution


def test_dates_that_are_none_are_counted(planted: Bucket, make_run: MakeRun) -> None:
    counts, _ = transformed(make_run(planted, "openalex-works", "transform"), include_xpac=True)
    assert set(counts.also) == {"publication dates not parsed", "works without the flag is_xpac"}
    assert 0 < counts.also["publication dates not parsed"] <= 11


def test_a_file_with_fewer_records_than_the_manifest_states_fails(planted: Bucket, make_run: MakeRun) -> None:
    key = "openalex-works/2026-10-01/download/data/jsonl/works/manifest.json"
    planted.put(
        key,
        planted.get(key)
        .replace(b'"record_count": 126', b'"record_count": 127', 1)
        .replace(b'"record_count": 2379', b'"record_count": 2380'),
    )
    with pytest.raises(TransformError, match="126 instead of 127"):
        transformed(make_run(planted, "openalex-works", "transform"))


def test_a_file_that_the_manifest_lists_but_is_gone_fails(planted: Bucket, make_run: MakeRun) -> None:
    planted.delete(["openalex-works/2026-10-01/download/data/jsonl/works/updated_date=2026-02-27/part_0001.gz"])
    with pytest.raises(TransformError, match=r"updated_date=2026-02-27/part_0001\.gz"):
        transformed(make_run(planted, "openalex-works", "transform"))
