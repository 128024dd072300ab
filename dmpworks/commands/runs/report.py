"""`dmpworks runs report RUN`: report on a run as text, JSON or one HTML page."""

import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dmpworks.batch.costs import hourly, prices
from dmpworks.commands.runs.compare import print_comparison
from dmpworks.commands.runs.show import print_jobs, run_lines
from dmpworks.commands.shared.options import BucketName, open_project, setting_sources
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.errors import JobError
from dmpworks.formatting import cores, duration, memory, moment, money
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.store import LATEST, find_run, now
from dmpworks.runs.reports.html_page import page
from dmpworks.runs.reports.report import Report, make_report
from dmpworks.runs.reports.sizing import Suggestion
from dmpworks.settings.declare import declared
from dmpworks.settings.resolve import resolve
from dmpworks.settings.shared import Submission

Html = Annotated[Path | None, Parameter(name="--html", help="Write one self-contained page to this file.")]

Open = Annotated[bool, Parameter(name="--open", negative=(), help="Write the page, and show it in a browser.")]


def report(
    run: str = LATEST,
    /,
    *,
    html: Html = None,
    show: Open = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Report on a run: times, counts, costs, changes against the run before, and suggested sizes.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID.
    """
    _, bucket = open_project(bucket_name, env_file)
    table = prices(resolve(declared(Submission), setting_sources({}, env_file), "").submission)
    source = f"prices of {table.on}, {table.source}"
    made = make_report(bucket, find_run(bucket, run), lambda request: hourly(request, table), source, now())
    if show and not html:
        html = Path(tempfile.mkdtemp(prefix="dmpworks-report-"), f"{made.reading.figures.chain}.html")
    if html:
        _write(html, page(made))
    if as_json:
        print_json(_as_json(made))
    elif html:
        print_lines(f"{made.reading.figures.name}: report written to {html}")
        if show and not webbrowser.open(html.resolve().as_uri()):
            print(f"no browser is here: copy the page from {html.resolve()}", file=sys.stderr)
    else:
        _print(made)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise JobError(
            "the report could not be written", on=f"{path}: {error.strerror}", next="give another file: --html FILE"
        ) from error


def _as_json(report: Report) -> dict[str, Any]:
    reading = report.reading
    return {
        "run": reading.figures.name,
        "made": report.made,
        "figures": reading.figures,
        "cost": reading.figures.cost,
        "prices": report.prices,
        "timelines": reading.timelines,
        "comparison": report.comparison,
        "suggestions": report.suggestions,
    }


def _print(report: Report) -> None:
    figures, comparison = report.reading.figures, report.comparison
    print_lines(*run_lines(figures))
    print_jobs(figures)
    print_lines("", *_times(report), "", *_costs(report), "")
    against = f"against {comparison.before}:" if comparison.before else "no earlier run that succeeded to compare with:"
    print_lines(against, "")
    print_comparison(comparison)
    if report.suggestions:
        print_lines("", "suggested sizes:", "")
        columns = ("setting", "requested", "used at most", "suggested", "saves a run", "runs")
        print_table(columns, map(_size, report.suggestions), right=columns[1:])


def _times(report: Report) -> Iterator[str]:
    """Yield when each job waited and ran, one line per job."""
    for time in report.reading.timelines:
        yield f"submission {time.submission}, {moment(time.began)} UTC:"
        for lane in time.lanes:
            spans = [(wait.since, f"{duration(wait.seconds(report.made))} waiting") for wait in lane.waits]
            for one in lane.executions:
                spans.append((one.started, f"{duration(one.seconds(report.made))} {one.ending or 'running'}"))
            words = ", ".join(f"{at:%H:%M} {text}" for at, text in sorted(spans))
            yield f"  {lane.job}: {words or lane.status}"


def _costs(report: Report) -> Iterator[str]:
    figures = report.reading.figures
    if figures.cost is None:
        yield "costs: not estimated, its jobs ran on your own machine"
        return
    each = ", ".join(f"{job.job} {money(job.cost)}" for job in figures.jobs if job.cost is not None)
    vain = f"; {money(figures.in_vain)} of it for attempts that failed" if figures.in_vain else ""
    yield f"costs, an estimate: {money(figures.cost)} ({each}){vain}"
    yield f"  {report.prices}"


def _size(each: Suggestion) -> tuple[str, ...]:
    in_words = memory if each.unit == "MiB" else cores
    variable = f"{each.variable}={each.suggested}"
    sizes = in_words(each.requested), in_words(each.used), in_words(each.suggested)
    return variable, *sizes, money(each.saving), str(each.runs)
