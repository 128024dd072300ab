"""Compare two runs of a chain: settings, versions, counts, times and memory."""

from collections.abc import Callable
from typing import Literal

import msgspec

from dmpworks.formatting import duration, memory, number
from dmpworks.runs.reports.metrics import JobFigures, RunFigures

Unit = Literal["records", "seconds", "MiB"]
Figures = dict[tuple[str, Unit], float]
FORMATS: dict[Unit, Callable[[float | None], str]] = {"records": number, "seconds": duration, "MiB": memory}


class Change(msgspec.Struct, frozen=True):
    """A setting or version that differs; None: absent from that run."""

    name: str
    before: str | None
    after: str | None


class Difference(msgspec.Struct, frozen=True):
    """A figure of a job in both runs; None: unknown in that run."""

    job: str
    figure: str
    unit: Unit
    before: float | None
    after: float | None

    @property
    def changed(self) -> bool:
        """Whether the two values differ."""
        return self.before != self.after


class Comparison(msgspec.Struct, frozen=True):
    """Comparison of two runs; `differences` has equal figures too, `before` is None without an earlier run."""

    before: str | None
    after: str
    changes: tuple[Change, ...]
    differences: tuple[Difference, ...]


def compare(before: RunFigures | None, after: RunFigures) -> Comparison:
    """Return how a run differs from an earlier one; a job that only one of them has lacks figures in the other."""
    old, new = {job.job: job for job in before.jobs} if before else {}, {job.job: job for job in after.jobs}
    names = [*new, *(name for name in old if name not in new)]
    differences = [difference for name in names for difference in _differences(name, old.get(name), new.get(name))]
    changes = tuple(_changes(before, after)) if before else ()
    return Comparison(before.name if before else None, after.name, changes, tuple(differences))


def _changes(before: RunFigures, after: RunFigures) -> list[Change]:
    names = ("version", "definition", "image")
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    own = f"{after.chain}_RUN_ID".replace("-", "_").upper()  # names the run: never the same
    variables = sorted((before.settings.keys() | after.settings.keys()) - {own})
    pairs += [(name, before.settings.get(name), after.settings.get(name)) for name in variables]
    return [Change(*pair) for pair in pairs if pair[1] != pair[2]]


def _differences(name: str, before: JobFigures | None, after: JobFigures | None) -> list[Difference]:
    pairs = _pairs(_figures(before), _figures(after))
    return [Difference(name, figure, unit, a, b) for (figure, unit), a, b in pairs]


def _pairs(before: Figures, after: Figures) -> list[tuple[tuple[str, Unit], float | None, float | None]]:
    keys = [*after, *(key for key in before if key not in after)]
    return [(key, before.get(key), after.get(key)) for key in keys]


def _figures(job: JobFigures | None) -> Figures:
    """Return the figures of a job by name and unit: its counts, then its measurements."""
    if job is None:
        return {}
    counts = job.counts
    counted = (
        {
            "read": counts.read,
            "written": counts.written,
            **{f"dropped: {reason}": count for reason, count in counts.dropped.items()},
            "quarantined": counts.quarantined,
            **counts.also,
        }
        if counts
        else {}
    )
    measured: dict[tuple[str, Unit], float | None] = {
        ("took", "seconds"): job.took,
        ("waited", "seconds"): job.waited if job.took is not None else None,
        ("CPU time", "seconds"): job.cpu_seconds,
        ("peak memory", "MiB"): job.peak_memory,
    }
    records: Figures = {(name, "records"): count for name, count in counted.items()}
    return records | {key: value for key, value in measured.items() if value is not None}
