"""Report as one self-contained HTML page: no network, no script; light and dark, for screen and paper."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from xml.etree.ElementTree import Element

from dmpworks.formatting import NONE, change, cores, duration, memory, moment, money, number
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.next_step import resume_command
from dmpworks.runs.reports.compare import FORMATS, Comparison, Difference
from dmpworks.runs.reports.gantt import chart, legend
from dmpworks.runs.reports.html_elements import Child, table, tag, write
from dmpworks.runs.reports.metrics import WHERE, JobFigures, RunFigures
from dmpworks.runs.reports.report import Report
from dmpworks.runs.reports.sizing import Suggestion
from dmpworks.runs.reports.timeline import Timeline

MARKS = {
    "succeeded": "✓",
    "failed": "✕",
    "cancelled": "■",
    "running": "▶",
    "skipped": "↷",
    "withdrawn": "↶",
    "incomplete": "…",
}
FULL = 0.5  # a change by this share fills its bar


def page(report: Report) -> str:
    """Return a report as HTML."""
    figures = report.reading.figures
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{figures.name}: {figures.status}"),
        tag("style", files(__package__).joinpath("report.css").read_text(encoding="utf-8")),
    )
    body = tag("body", _header(report), tag("main", _sections(report)), _footer(report))
    return "<!doctype html>\n" + write(tag("html", head, body, lang="en")) + "\n"


def _sections(report: Report) -> Iterator[Child]:
    figures = report.reading.figures
    yield [_failure(figures, job) for job in figures.jobs if job.status == "failed"]
    yield _section("Time", "When each job waited and ran", _charts(report))
    yield _section("Jobs", None, _jobs(figures))
    yield _section("Counts and times", _against(report.comparison), _figures(report.comparison))
    if report.comparison.changes:
        yield _section("Settings that changed", None, _changes(report.comparison))
    if report.suggestions:
        runs = max(each.runs for each in report.suggestions)
        yield _section("Suggested sizes", f"From the last {runs} runs", _sizes(report.suggestions))
    yield _section("Settings", None, _settings(report))


def _section(title: str, about: str | None, *children: Child) -> Element:
    return tag("section", tag("h2", title, tag("small", about) if about else None), *children)


def _header(report: Report) -> Element:
    figures = report.reading.figures
    return tag(
        "header",
        tag("p", "dmpworks run report", class_="kicker"),
        tag("h1", figures.chain, " ", tag("span", figures.run_id), " ", _badge(figures.status)),
        tag("p", _sentence(figures, report), class_="lead"),
        tag(
            "dl",
            [tag("div", tag("dt", name), tag("dd", value), tag("dd", more)) for name, value, more in _tiles(report)],
        ),
    )


def _sentence(figures: RunFigures, report: Report) -> str:
    how = {"succeeded": "Succeeded", "failed": "Failed", "cancelled": "Was cancelled", "running": "Has been running"}
    how |= {"skipped": "Did not start"}
    verb = how.get(figures.status, "Broke off")
    joint = "for" if figures.status == "running" else "after"
    took = duration(figures.seconds(report.made))
    sent = f", sent by {figures.by}" if figures.by else ""
    times = f" in {figures.submissions} submissions" if figures.submissions > 1 else ""
    return f"{verb} {joint} {took} {WHERE[figures.where]}{times}, started {moment(figures.began)} UTC{sent}."


def _tiles(report: Report) -> Iterator[tuple[str, str, str]]:
    figures = report.reading.figures
    waited = f"and {duration(figures.waited)} of waiting for machines" if figures.waited else "all jobs together"
    yield "Running", duration(figures.ran), waited
    executions, lost = sum(job.executions for job in figures.jobs), sum(job.lost for job in figures.jobs)
    yield (
        "Attempts",
        number(executions),
        f"for {len(figures.jobs)} jobs" + (f", {lost} machine{'s' * (lost > 1)} lost" if lost else ""),
    )
    counted = [job for job in figures.jobs if job.counts]
    if counted and counted[-1].counts:
        yield "Written", number(counted[-1].counts.written), f"records, by {counted[-1].job}"
    largest = max(figures.jobs, key=lambda job: job.peak_memory or 0, default=None)
    if largest and largest.peak_memory:
        yield "Peak memory", memory(largest.peak_memory), f"in {largest.job}"
    if figures.cost is not None:
        vain = f"; {money(figures.in_vain)} of it for attempts that failed" if figures.in_vain else ""
        yield "Cost", money(figures.cost), f"an estimate, machines only{vain}"


def _badge(status: str) -> Element:
    return tag("span", tag("span", MARKS.get(status, "·"), aria_hidden="true"), " ", status, class_=f"badge {status}")


def _failure(figures: RunFigures, job: JobFigures) -> Element:
    error = job.error
    resume = resume_command(figures.name, figures.settings, error)
    lines = [
        ("what", error.what if error else job.cause or "its program ended with an error"),
        ("on", error.on if error else job.reason),
        ("AWS says" if figures.where == "batch" else "reason", job.reason if error else None),
        ("exit code", str(job.exit_code) if job.exit_code is not None else None),
        ("next", error.next if error else None),
        ("log", f"dmpworks runs logs {figures.name} {job.job}"),
        (
            "resume",
            None if error and "runs resume" in error.next else resume,
        ),
    ]
    return tag(
        "section",
        tag("h2", f"{job.job} failed", _cause(job)),
        tag("dl", [tag("div", tag("dt", name), tag("dd", _command(name, text))) for name, text in lines if text]),
        class_="failure",
    )


def _command(name: str, text: str) -> Child:
    return tag("code", text) if name in ("log", "resume") else text


def _cause(job: JobFigures) -> Element | None:
    return tag("small", job.cause) if job.cause and job.cause != job.status else None


def _charts(report: Report) -> Iterator[Child]:
    plans = {plan.submission: plan for plan in report.reading.state.submissions}
    times = report.reading.timelines
    for time in times:
        heading = _chart_heading(plans[time.submission], time) if len(times) > 1 else None
        yield tag("figure", heading, chart(time, report.made))
    yield legend() if times else tag("p", "Its jobs were started by hand: there is no submission to draw.")


def _chart_heading(plan: Planned, time: Timeline) -> Element:
    took = duration((time.ended - time.began).total_seconds())
    heading = "first submission" if plan.submission == 1 else f"submission {plan.submission}"
    if plan.skipped:
        heading += f", from {next(iter(plan.jobs))} on"
    return tag("figcaption", heading, tag("small", f"{moment(time.began)} UTC by {plan.by}, {took}"))


def _jobs(figures: RunFigures) -> Element:
    columns = ["Job", "Status", "Attempts", "Waited", "Ran", "Memory", "CPU", "Cost"]
    rows = [
        [
            tag("th", job.job, scope="row"),
            tag("td", _badge(job.status), _cause(job)),
            _number(_attempts(job)),
            _number(duration(job.waited)),
            _number(duration(job.ran)),
            tag("td", _meter(memory(job.peak_memory), job.peak_memory, job.request.memory, memory(job.request.memory))),
            tag("td", _meter(cores(job.cores), job.cores, job.request.vcpus, cores(job.request.vcpus))),
            _number(money(job.cost)),
        ]
        for job in figures.jobs
    ]
    return table("Jobs of the run", columns, rows, class_="jobs")


def _attempts(job: JobFigures) -> str:
    return f"{job.executions}" + (f" ({job.lost} lost)" if job.lost else "")


def _meter(text: str, used: float | None, requested: float | None, limit: str) -> Child:
    """Return how much of a requested amount was used, as a bar and in words."""
    if used is None or not requested:
        return text
    share = used / requested
    tight = " tight" if share > 0.9 else ""
    bar = tag("i", tag("i", style=f"width:{min(share, 1.0):.1%}"), class_=f"meter{tight}", aria_hidden="true")
    return [f"{text} ", tag("small", f"of {limit}"), bar]


def _against(comparison: Comparison) -> str:
    if comparison.before is None:
        return "There is no earlier run of this chain that succeeded: nothing to compare with"
    return f"Compared with {comparison.before}, the last successful run before"


def _figures(comparison: Comparison) -> Element:
    rows = []
    for job, group in groupby(comparison.differences, key=lambda each: each.job):
        own = [each for each in group if each.before or each.after]
        for place, each in enumerate(own):
            first = [tag("th", job, scope="rowgroup", rowspan=str(len(own)))] if place == 0 else []
            rows.append([*first, *(_difference(each) if comparison.before else _figure(each))])
    columns: list[Child] = ["Job", "Figure", "This run"]
    if comparison.before:
        columns[2:2] = ["Before"]
        columns += ["Change", tag("span", "Change as a bar", class_="unseen")]
    alone = "" if comparison.before else " alone"
    return table("Figures of each job", columns, rows, class_=f"figures{alone}")


def _figure(each: Difference) -> list[Element]:
    return [tag("td", each.figure), _number(FORMATS[each.unit](each.after))]


def _difference(each: Difference) -> list[Element]:
    in_words, quiet = FORMATS[each.unit], None if each.changed else "quiet"
    return [
        tag("td", each.figure, class_=quiet),
        _number(in_words(each.before)),
        _number(in_words(each.after)),
        tag("td", change(each.before, each.after), class_=f"number {quiet or ''}".strip()),
        tag("td", _swing(each)),
    ]


def _swing(each: Difference) -> Element | None:
    """Return a bar that grows to the right for an increase, to the left for a decrease."""
    if not each.before or each.after is None or not each.changed:
        return None
    share = (each.after - each.before) / each.before / FULL
    width = min(abs(share), 1.0) * 50
    bar = tag("i", style=f"left:{50 - (width if share < 0 else 0):.1f}%;width:{width:.1f}%", class_=_beyond(share))
    return tag("i", bar, class_="swing", aria_hidden="true")


def _beyond(share: float) -> str | None:
    """Return the class that marks a change too large for its bar."""
    return None if abs(share) <= 1 else "more" if share > 0 else "less"


def _changes(comparison: Comparison) -> Element:
    rows = [
        [tag("th", tag("code", each.name), scope="row"), tag("td", each.before or NONE), tag("td", each.after or NONE)]
        for each in comparison.changes
    ]
    return table("Settings and versions that are not the same", ["Setting", "Before", "This run"], rows)


def _sizes(suggestions: tuple[Suggestion, ...]) -> Iterator[Child]:
    rows = []
    for job, group in groupby(suggestions, key=lambda each: each.job):
        own = list(group)
        for place, each in enumerate(own):
            first = [tag("th", job, scope="rowgroup", rowspan=str(len(own)))] if place == 0 else []
            rows.append([*first, *_size(each)])
    columns = ["Job", "Requested", "Used at most", "Suggested", "Saves a run"]
    yield table("Suggested sizes", columns, rows, class_="sizes")
    yield tag("p", "With 25 % of headroom for memory. To use them, add to ", tag("code", ".env.aws-batch"), ":")
    yield tag("pre", "\n".join(f"{each.variable}={each.suggested}" for each in suggestions))


def _size(each: Suggestion) -> list[Element]:
    in_words = memory if each.unit == "MiB" else cores
    sizes = [_number(in_words(size)) for size in (each.requested, each.used, each.suggested)]
    return [*sizes, _number(money(each.saving))]


def _settings(report: Report) -> Iterator[Child]:
    figures = report.reading.figures
    about = {"version": figures.version, "definition": figures.definition, "image": figures.image}
    pairs = [(name, value) for name, value in {**about, **figures.settings}.items() if value]
    rows = [[tag("th", tag("code", name), scope="row"), tag("td", tag("code", value))] for name, value in pairs]
    yield tag(
        "details", tag("summary", f"{len(pairs)} settings and versions"), table("Settings", ["Name", "Value"], rows)
    )


def _number(text: str) -> Element:
    return tag("td", text, class_="number")


def _footer(report: Report) -> Element:
    prices = f" Costs are an estimate: {report.prices}." if report.reading.figures.cost is not None else ""
    return tag("footer", tag("p", f"Made {moment(report.made)} UTC from the ledger of the run; times are UTC.{prices}"))
