"""`dmpworks evaluate`: a run's matches against judged pairs, as a table or as JSON."""

import csv
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from dmpworks.chains.process_dmps.match_files import read_matches
from dmpworks.cleaners import identifiers
from dmpworks.errors import SettingsError
from dmpworks.jobs.run import Run
from dmpworks.matching.evaluation import METRICS, Report, measure
from dmpworks.matching.matches import PlanMatches
from dmpworks.services.storage import Bucket

if TYPE_CHECKING:
    import polars

ACCEPTED, REJECTED = "ACCEPTED", "REJECTED"
COLUMNS = ["dmpDoi", "workDoi", "status"]
SHOWN_DEPTH, RECALL_DEPTH = 10, 100  # of the table of plans


def evaluate_run(bucket: Bucket, run_id: str, truth: Path, known: Path | None, as_json: bool = False) -> None:
    """Print how the matches of a run of process-dmps compare with judged pairs; raises JobError, SettingsError."""
    with tempfile.TemporaryDirectory() as scratch:
        run = Run("process-dmps", "evaluate", run_id, "dev", bucket, Path(scratch))
        report = evaluate(truth, known, read_matches(run.earlier("dmp-works-search")))
    if as_json:
        print(msgspec.json.encode(report).decode())
    else:
        show(report, Console())


def evaluate(truth: Path, known: Path | None, matches: Iterable[PlanMatches]) -> Report:
    """Measure matches against the judged pairs of a CSV, known outputs (JSON) left out; raises SettingsError."""
    results = {plan.dmp_doi: [match.work.doi for match in plan.works] for plan in matches}
    return measure(results, read_truth(truth), read_known(known) if known else None)


def read_truth(path: Path) -> dict[str, list[str]]:
    """Return the true works of each plan from a CSV `dmpDoi,workDoi,status`; the last row for a pair counts."""
    judged: dict[tuple[str, str], bool] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                judged[_pair(row)] = _is_true(row)
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise SettingsError(
            "the judged pairs cannot be read",
            on=f"{path}: {type(error).__name__}: {error}",
            next=f"give a CSV with the columns {','.join(COLUMNS)}; status is {ACCEPTED} or {REJECTED}",
        ) from error
    truth: dict[str, list[str]] = {}
    for (plan, work), true in judged.items():
        if true:
            truth.setdefault(plan, []).append(work)
    return truth


def _pair(row: Mapping[str, str]) -> tuple[str, str]:
    plan, work = identifiers.doi(row["dmpDoi"]), identifiers.doi(row["workDoi"])
    if plan is None or work is None:
        raise ValueError(f"no DOI in {row['dmpDoi']!r}, {row['workDoi']!r}")
    return plan, work


def _is_true(row: Mapping[str, str]) -> bool:
    status = row["status"].strip().upper()
    if status not in (ACCEPTED, REJECTED):
        raise ValueError(f"status {row['status']!r}")
    return status == ACCEPTED


def read_known(path: Path) -> dict[str, list[str]]:
    """Return the outputs that were accepted before, `{plan DOI: [work DOIs]}`; raises SettingsError."""
    try:
        stated = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(
            "the known outputs cannot be read", on=f"{path}: {error}", next='give JSON: {"plan DOI": ["work DOI", ...]}'
        ) from error
    dois = {identifiers.doi(plan): map(identifiers.doi, works) for plan, works in stated.items()}
    return {plan: [work for work in works if work] for plan, works in dois.items() if plan}


def show(report: Report, console: Console) -> None:
    """Print the means as a table, and a line for every plan."""
    console.print(means_table(report))
    console.print(plans_table(report))


def means_table(report: Report) -> Table:
    """Return the means over all plans, a row per depth."""
    table = Table("k", "MAP@k", "NDCG@k", "precision@k", "recall@k", title=f"Means over {len(report.plans)} plans")
    for k, row in report.at.items():
        table.add_row(str(k), *(f"{getattr(row, name):.3f}" for name in METRICS))
    return table


def plans_table(report: Report) -> Table:
    """Return a row per plan, the worst first."""
    frame = plans_frame(report)
    table = Table(*frame.columns, title="Plans, worst first")
    for *names, precision, recall in frame.iter_rows():
        table.add_row(*map(str, names), f"{precision:.3f}", f"{recall:.3f}")
    return table


def plans_frame(report: Report) -> "polars.DataFrame":
    """Return a row per plan: DOI, true works, results, average precision and recall; the worst first."""
    import polars

    rows = [
        (plan.dmp_doi, plan.true_works, plan.results, plan.at[SHOWN_DEPTH].map, plan.at[RECALL_DEPTH].recall)
        for plan in report.plans
    ]
    precision = f"AP@{SHOWN_DEPTH}"
    columns = {"plan": str, "true": int, "results": int, precision: float, f"recall@{RECALL_DEPTH}": float}
    return polars.DataFrame(rows, schema=columns, orient="row").sort(precision, "plan")
