"""Quality of a ranking of works, measured against judged pairs.

Conventions: a work that nobody judged counts as wrong; average precision at k divides by min(number of true works, k);
means are over the plans that have a true work, and a plan without a result counts 0; outputs that were known before
are left out of truth and results alike.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

DEPTHS = (5, 10, 20, 100)
METRICS = ("map", "ndcg", "precision", "recall")


class Metrics(msgspec.Struct, frozen=True):
    """The metrics of one plan, or their means, at one depth; each from 0 to 1."""

    map: float
    ndcg: float
    precision: float
    recall: float


class PlanReport(msgspec.Struct, frozen=True, rename="camel"):
    """The metrics of one plan, by depth."""

    dmp_doi: str
    true_works: int
    results: int
    at: dict[int, Metrics]


class Report(msgspec.Struct, frozen=True):
    """The means over all plans that have a true work, by depth, and the metrics of each plan."""

    plans: tuple[PlanReport, ...]
    at: dict[int, Metrics]


def measure(
    results: Mapping[str, Sequence[str]],
    truth: Mapping[str, Collection[str]],
    known: Mapping[str, Collection[str]] | None = None,
    depths: Sequence[int] = DEPTHS,
) -> Report:
    """Return the metrics of each plan's results (DOIs, best first) against its true works, and their means."""
    reports = []
    for plan, works in truth.items():
        before = frozenset((known or {}).get(plan, ()))
        true = frozenset(works) - before
        if true:
            dois = [doi for doi in dict.fromkeys(results.get(plan, ())) if doi not in before]
            reports.append(PlanReport(plan, len(true), len(dois), {k: metrics(dois, true, k) for k in depths}))
    return Report(tuple(reports), {k: mean([report.at[k] for report in reports]) for k in depths})


def metrics(ranking: Sequence[str], true: Collection[str], k: int) -> Metrics:
    """Return the metrics of one ranking at depth k; `true` must not be empty."""
    hits = [place for place, doi in enumerate(ranking[:k], 1) if doi in true]
    most = min(len(true), k)
    gained = sum(1 / math.log2(place + 1) for place in hits)
    ideal = sum(1 / math.log2(place + 1) for place in range(1, most + 1))
    return Metrics(
        map=sum(number / place for number, place in enumerate(hits, 1)) / most,
        ndcg=gained / ideal,
        precision=len(hits) / k,
        recall=len(hits) / len(true),
    )


def mean(figures: Iterable[Metrics]) -> Metrics:
    """Return the mean of each metric; all 0 without any plan."""
    rows = [msgspec.structs.astuple(row) for row in figures]
    return Metrics(*(sum(column) / len(rows) for column in zip(*rows, strict=True))) if rows else Metrics(0, 0, 0, 0)
