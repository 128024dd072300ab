"""Gantt chart of a submission: when its jobs waited for machines and when they ran, one row per job."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from dmpworks.formatting import duration
from dmpworks.runs.reports.executions import Execution
from dmpworks.runs.reports.html_elements import tag
from dmpworks.runs.reports.timeline import Lane, Timeline, Wait

TICKS = 7  # at most
STEPS = [timedelta(seconds=count) for count in (1, 5, 15, 30)]
STEPS += [timedelta(minutes=count) for count in (1, 2, 5, 10, 15, 30)]
STEPS += [timedelta(hours=count) for count in (1, 2, 3, 6, 12)]
STEPS += [timedelta(days=count) for count in (1, 2, 7, 14, 28)]
LETTER_WIDTH = 1.0  # per cent of the chart's width
ENDINGS = {
    "succeeded": "ran",
    "failed": "ran and failed",
    "again": "ran, and asked for another attempt",
    "interrupted": "ran and was interrupted",
    "lost": "ran until its machine was lost",
    None: "is running",
}


class Scale:
    """Maps times to horizontal positions, in per cent of the chart's width."""

    def __init__(self, began: datetime, ended: datetime) -> None:
        self.began, self.span = began, max(ended - began, timedelta(seconds=1))

    def place(self, at: datetime) -> float:
        """Return the position of a time, limited to the chart."""
        return min(max((at - self.began) / self.span, 0.0), 1.0) * 100

    def ticks(self) -> list[datetime]:
        """Return at most `TICKS` round times within the span."""
        step = next((step for step in STEPS if self.span / step <= TICKS), STEPS[-1])
        midnight = self.began.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + -((midnight - self.began) // step) * step
        times = (first + number * step for number in range(TICKS + 1))
        return [at for at in times if self.began <= at <= self.began + self.span]

    def label(self, at: datetime) -> str:
        """Return the label of a tick: to the day, minute or second, depending on the span."""
        if self.span > timedelta(days=2):
            return f"{at:%d %b}" if at.hour == 0 else f"{at:%d %b %H:%M}"
        return f"{at:%H:%M}" if self.span > timedelta(minutes=5) else f"{at:%H:%M:%S}"


def chart(timeline: Timeline, now: datetime) -> Element:
    """Return the chart of a submission, with a description in words for screen readers."""
    scale = Scale(timeline.began, timeline.ended)
    ticks = scale.ticks()
    rows = [_row(lane, scale, ticks, now) for lane in timeline.lanes]
    axis = tag(
        "div",
        [tag("span", scale.label(at), style=f"left:{scale.place(at):.2f}%") for at in ticks],
        class_="axis",
    )
    words = ". ".join(_in_words(lane, now) for lane in timeline.lanes)
    return tag("div", rows, tag("div", tag("span"), axis, class_="row"), class_="gantt", role="img", aria_label=words)


def legend() -> Element:
    """Return the legend of the chart."""
    kinds = [
        ("wait", "waiting for a machine"),
        ("succeeded", "running"),
        ("failed", "failed"),
        ("lost", "machine lost, or try again"),
    ]
    return tag("ul", [tag("li", tag("i", class_=f"bar {kind}"), text) for kind, text in kinds], class_="legend")


def _row(lane: Lane, scale: Scale, ticks: list[datetime], now: datetime) -> Element:
    lines = [tag("i", class_="line", style=f"left:{scale.place(at):.2f}%") for at in ticks]
    bars = [*_bars(lane, scale, now)]
    empty = tag("span", lane.status, class_="nothing") if not bars else None
    return tag("div", tag("span", lane.job, class_="job"), tag("div", lines, bars, empty, class_="track"), class_="row")


def _bars(lane: Lane, scale: Scale, now: datetime) -> Iterator[Element]:
    for wait in lane.waits:
        yield _bar(scale, "wait", wait.since, wait.until or now, _waiting(wait, now), None)
    for number, one in enumerate(lane.executions, 1):
        final = lane.status == "failed" and number == len(lane.executions)  # no other attempt followed
        again = "failed" if final else "lost"
        kind = {None: "open", "again": again, "interrupted": "failed"}.get(one.ending, one.ending)
        label = duration(one.seconds(now)) + (f", {one.shards} shards" if one.shards > 1 else "")
        yield _bar(scale, kind or "open", one.started, one.ended or now, _running(one, number, now), label)


def _bar(scale: Scale, kind: str, since: datetime, until: datetime, title: str, label: str | None) -> Element:
    left, right = scale.place(since), scale.place(until)
    text = label if label and right - left >= LETTER_WIDTH * (len(label) + 1) else None
    return tag("i", text, class_=f"bar {kind}", style=f"left:{left:.2f}%;width:{right - left:.2f}%", title=title)


def _waiting(wait: Wait, now: datetime) -> str:
    return f"waited {duration(wait.seconds(now))} for a machine ({_span(wait.since, wait.until)})"


def _running(one: Execution, number: int, now: datetime) -> str:
    why = f": {one.reason}" if one.reason and one.ending != "succeeded" else ""
    many = f" of {one.shards} shards" if one.shards > 1 else ""
    text = f"attempt {number}{many} {ENDINGS[one.ending]}, {duration(one.seconds(now))}"
    return f"{text} ({_span(one.started, one.ended)}){why}"


def _span(since: datetime, until: datetime | None) -> str:
    return f"{since:%H:%M:%S} to {f'{until:%H:%M:%S}' if until else 'now'} UTC"


def _in_words(lane: Lane, now: datetime) -> str:
    spans = [_waiting(wait, now) for wait in lane.waits]
    spans += [_running(one, number, now) for number, one in enumerate(lane.executions, 1)]
    return f"{lane.job}, {lane.status}: {', '.join(spans) or 'did not run'}"
