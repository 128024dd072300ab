"""`dmpworks evaluate`: a run's matches against judged pairs."""

import json
from pathlib import Path

import msgspec
import pytest
from isal import igzip

from dmpworks.chains.process_dmps.evaluate import evaluate, evaluate_run, read_known, read_truth
from dmpworks.errors import JobError, SettingsError
from dmpworks.matching.matches import Match, PlanMatches
from dmpworks.matching.records import Work

TRUTH = """dmpDoi,workDoi,status
https://doi.org/10.48321/A,10.5/T1,ACCEPTED
10.48321/a,10.5/t2,ACCEPTED
10.48321/a,10.5/known,ACCEPTED
10.48321/a,10.5/x,REJECTED
10.48321/b,10.5/t1,accepted
10.48321/c,10.5/t1,REJECTED
"""
FOUND = [
    PlanMatches(plan, tuple(Match(plan, Work(f"10.5/{name}")) for name in names))
    for plan, names in {"10.48321/a": ["known", "t1", "x", "t2"], "10.48321/c": ["t1"]}.items()
]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    path.write_text(TRUTH)
    return path


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.json"
    path.write_text(json.dumps({"10.48321/A": ["10.5/KNOWN"]}))
    return path


@pytest.fixture
def searched(bucket):
    """A bucket in which a search has run."""
    lines = b"".join(msgspec.json.encode(plan) + b"\n" for plan in FOUND)
    bucket.put("process-dmps/2026-10-01/dmp-works-search/matches_0000-ab.jsonl.gz", igzip.compress(lines))
    return bucket


def test_figures_by_hand(truth: Path, known: Path) -> None:
    report = evaluate(truth, known, FOUND)
    # a: t1 x t2 of two true ones; b: no result
    assert report.at[10].map == pytest.approx(((1 + 2 / 3) / 2 + 0) / 2)
    assert report.at[5].recall == pytest.approx(0.5)
    without = evaluate(truth, None, FOUND)
    assert without.at[10].map == pytest.approx(((1 + 2 / 2 + 3 / 4) / 3 + 0) / 2)


def test_the_table(searched, truth: Path, known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_run(searched, "2026-10-01", truth, known)
    shown = capsys.readouterr().out
    assert "Means over 2 plans" in shown
    for name in ("MAP@k", "NDCG@k", "precision@k", "recall@k"):
        assert name in shown
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if line.startswith("│")]
    assert [cell.strip() for cell in rows[1]][:2] == ["10", "0.417"]
    assert [cell.strip() for cell in rows[4]] == ["10.48321/b", "1", "0", "0.000", "0.000"]  # the worst first


def test_json(searched, truth: Path, known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate_run(searched, "2026-10-01", truth, known, as_json=True)
    shown = json.loads(capsys.readouterr().out)
    assert list(shown["at"]) == ["5", "10", "20", "100"]
    assert shown["at"]["10"]["map"] == pytest.approx(5 / 12)
    assert shown["at"]["5"]["precision"] == pytest.approx(0.2)
    assert shown["plans"][0]["dmpDoi"] == "10.48321/a"
    assert shown["plans"][0]["trueWorks"] == 2
    assert shown["plans"][0]["at"]["5"]["recall"] == 1.0


def test_a_run_that_was_not_searched(bucket, truth: Path) -> None:
    with pytest.raises(JobError, match="dmp-works-search"):
        evaluate_run(bucket, "2026-10-01", truth, None)


@pytest.mark.parametrize(
    "text",
    [
        "plan,work\n1,2\n",
        "dmpDoi,workDoi,status\nx,10.5/a,ACCEPTED\n",
        "dmpDoi,workDoi,status\n10.5/p,10.5/a,PENDING\n",
        "dmpDoi,workDoi,status\n10.5/p,10.5/a\n",
    ],
)
def test_judged_pairs_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        read_truth(path)
    assert str(path) in caught.value.on
    assert "dmpDoi,workDoi,status" in caught.value.next


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        read_truth(tmp_path / "none.csv")
    with pytest.raises(SettingsError):
        read_known(tmp_path / "none.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(SettingsError):
        read_known(tmp_path / "list.json")
