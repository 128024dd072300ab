"""The table and the plot of the transform bench."""

import os
import platform
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks.cases import CROSSREF, DATACITE, OPENALEX
from benchmarks.watched import Watched

FOLDER = Path(__file__).parent / "results"
GIGABYTE, LARGE_GROUP = "1 GB of OpenAlex JSON", "OpenAlex Parquet, 400,000-row group"
GOALS = {OPENALEX: 0.42, DATACITE: 0.38, CROSSREF: 0.55}
MOST_MEMORY = 450  # MB


class Pace(NamedTuple):
    """Records, bytes of JSON, and the CPU seconds of limit and transform."""

    rows: int
    size: int
    limit: float
    taken: float

    @property
    def share(self) -> float:
        """How much of the limit's speed is reached."""
        return self.limit / self.taken


class Results(NamedTuple):
    """All that was measured."""

    paces: dict[str, Pace]
    parquet: float  # microseconds a row
    watched: dict[str, Watched]
    one_worker: Watched
    two_workers: Watched
    load: float  # of the machine, just before the workers were timed

    @property
    def parquet_ratio(self) -> float:
        """Rows per second of the Parquet copy, as a multiple of those of the JSON copy of the same works."""
        json = self.paces[OPENALEX]
        return 1e6 * json.taken / json.rows / self.parquet


def write(results: Results) -> None:
    """Write table and plot."""
    FOLDER.mkdir(exist_ok=True)
    text = "\n".join(_lines(results)) + "\n"
    (FOLDER / "transform.md").write_text(text)
    _plot(results, FOLDER / "transform.png")
    print(text)


def _lines(results: Results) -> Iterator[str]:
    yield from ("# Transforms: measured by `make bench`", "", _machine(), "")
    yield "| one process | us/row | rows/s | MB/s | limit us/row | limit MB/s | share of limit | goal | peak MB |"
    yield "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
    for dataset, pace in results.paces.items():
        figures = (_micro(pace.taken, pace), f"{pace.rows / pace.taken:,.0f}", f"{pace.size / pace.taken / 1e6:,.0f}")
        limit = (_micro(pace.limit, pace), f"{pace.size / pace.limit / 1e6:,.0f}")
        share = (f"**{pace.share:.0%}**", f">= {GOALS[dataset]:.0%}", f"{results.watched[dataset].peak:.0f}")
        yield f"| {dataset}, JSON Lines | {' | '.join((*figures, *limit, *share))} |"
    yield ""
    yield "| | measured | goal |"
    yield "| --- | --: | --: |"
    yield f"| OpenAlex Parquet, us/row | {results.parquet:.1f} | |"
    yield f"| OpenAlex Parquet, rows/s against JSON Lines | **{results.parquet_ratio:.2f} x** | >= 2.8 x |"
    one, two = results.one_worker, results.two_workers
    yield f"| two workers against one, by the clock | **{one.clock / two.clock:.2f} x** | >= 1.9 x |"
    yield f"| at most, were two cores free (by CPU seconds) | {2 * one.cpu / two.cpu:.2f} x | |"
    for name in (GIGABYTE, LARGE_GROUP):
        found = results.watched[name]
        yield f"| peak memory, {name} | **{found.peak:.0f} MB** | <= {MOST_MEMORY} MB |"
    growth = results.watched[GIGABYTE].growth
    yield f"| {GIGABYTE}: last quarter of the run against its second | {growth:.2f} x | flat |"
    yield from ("", "![share of the limit, and memory over time](transform.png)", "")
    yield f"Load of the machine before the workers were timed, the bench itself being 1: {results.load:.1f} on"
    yield f"{os.cpu_count()} cores. Beside other work the clock says little of two workers."
    yield ""
    yield "The limit: isal gunzips, simdjson parses every line and nothing is read out of it, and the same rows are"
    yield "written as Parquet (zstd-1). CPU time of one process, in turn with the transform, the best of the rounds."


def _micro(seconds: float, pace: Pace) -> str:
    return f"{1e6 * seconds / pace.rows:.1f}"


def _machine() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    packages = ", ".join(f"{name} {version(name)}" for name in ("msgspec", "isal", "pyarrow", "numba", "pysimdjson"))
    return f"{found[1] if found else platform.processor()}; Python {platform.python_version()}, {packages}."


def _plot(results: Results, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), layout="constrained")
    names = list(results.paces)
    left.barh(names, [100 * results.paces[name].share for name in names], color="#4477aa")
    for place, name in enumerate(names):
        left.plot([100 * GOALS[name]] * 2, [place - 0.4, place + 0.4], color="#cc3311")
    left.set(xlabel="% of the physical limit, one core (red: the goal)", xlim=(0, 100))
    for name, found in results.watched.items():
        right.plot(*zip(*found.samples, strict=True), label=name)
    right.axhline(MOST_MEMORY, color="#cc3311", linewidth=1)
    right.set(xlabel="seconds", ylabel="resident memory of a worker, MB", ylim=(0, 1.2 * MOST_MEMORY))
    right.legend(fontsize="small")
    figure.savefig(path, dpi=100)
