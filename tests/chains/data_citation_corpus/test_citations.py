"""Citations come out as pairs of DOIs; what has no DOI is counted."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.data_citation_corpus.jobs import Source, download, transform
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import rows

MakeRun = Callable[..., Run]
CHAIN = "data-citation-corpus"


def put_zip(bucket: Bucket, members: dict[str, str]) -> Path:
    """Upload a release by hand."""
    assert bucket.root
    path = bucket.root / CHAIN / "2026-10-01/download/corpus.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_the_real_citations(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    put_zip(bucket, {"corpus-01.json": (data / "real/data-citation-corpus.json").read_text()})
    run = make_run(bucket, CHAIN, "transform")
    assert transform(run, BadRecords()) == Counts(read=5, written=5)
    assert [tuple(row.values()) for row in rows(run)] == [
        ("10.1002/smll.202402255", "10.5517/ccdc.csd.cc2bkb19"),
        ("10.1016/j.molcel.2024.10.026", "10.17632/phgpwmjvys.1"),
        ("10.1039/d2sc03321f", "10.18419/darus-3013"),
        ("10.1039/d2sc03321f", "10.18419/darus-3013"),
        ("10.1002/smll.202402255", "10.5517/ccdc.csd.cc2bkb2b"),
    ]
    assert list(rows(run)[0]) == ["publication_doi", "dataset_doi"]


def test_the_planted_corpus(planted: Bucket, make_run: MakeRun, data: Path) -> None:
    expected = json.loads((data / "planted/expected.json").read_text())
    corpus = expected["data citation corpus"]
    run = make_run(planted, CHAIN, "transform")
    counts = transform(run, BadRecords())
    without = corpus["rows with an accession number instead of a DOI"]
    assert counts == Counts(corpus["rows"], corpus["rows"] - without, {"no dataset DOI": without})
    pairs = [tuple(row.values()) for row in rows(run)]
    assert len(pairs) - len(set(pairs)) == corpus["rows that repeat a pair with another id"]
    assert sum(publication == dataset for publication, dataset in pairs) == corpus["rows where a DOI cites itself"]
    stated = expected["relations (distinct DOI pairs, none to itself)"]["dataset_citation, stated"]
    assert len({pair for pair in pairs if pair[0] != pair[1]}) == stated


def test_a_download_can_be_transformed(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    folder = data / "planted" / CHAIN / "2026-10-01/download"
    run = make_run(bucket, CHAIN, "download")
    download(run, Source(f"file:{folder}"))
    assert run.outputs[0].key.startswith(f"{CHAIN}/2026-10-01/download/2026-08-15-data-citation-corpus-v5.0-json")
    assert transform(make_run(bucket, CHAIN, "transform"), BadRecords()).read == 317


def test_rows_that_lack_a_side_are_counted(bucket: Bucket, make_run: MakeRun) -> None:
    citations = [
        {"publication": None, "dataset": "10.1/a"},
        {"publication": "10.1/a", "dataset": "GSE12345"},
        {"dataset": "10.1/a", "publication": 17},
        {"publication": "doi:10.1/A", "dataset": "HTTPS://DOI.ORG/10.2/B"},
    ]
    put_zip(bucket, {"a.json": json.dumps(citations), "__MACOSX/._a.json": "\0", "._a.json": "\0"})
    run = make_run(bucket, CHAIN, "transform")
    assert transform(run, BadRecords()) == Counts(4, 1, {"no publication DOI": 2, "no dataset DOI": 1})
    assert rows(run) == [{"publication_doi": "10.1/a", "dataset_doi": "10.2/b"}]


def test_one_broken_file_fails_after_the_others_are_read(bucket: Bucket, make_run: MakeRun) -> None:
    whole = json.dumps([{"publication": "10.1/a", "dataset": "10.2/b"}] * 3)
    put_zip(bucket, {"1.json": whole[:-20], "2.json": whole, "3.json": whole.replace("},", "} ")})
    run = make_run(bucket, CHAIN, "transform")
    with pytest.raises(TransformError, match="2 of 3 files") as failure:
        transform(run, BadRecords())
    assert "1.json: it ends inside a record" in failure.value.on
    assert "3.json: expected , in the JSON array" in failure.value.on
    assert run.outputs == []
