"""How good an order of works is, measured against judged pairs.

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
    """One plan's, or the mean, figures at one depth; each from 0 to 1."""

    map: float
    ndcg: float
    precision: float
    recall: float


class PlanReport(msgspec.Struct, frozen=True, rename="camel"):
    """The figures of one plan, by depth."""

    dmp_doi: str
    true_works: int
    results: int
    at: dict[int, Metrics]


class Report(msgspec.Struct, frozen=True):
    """The means over all plans that have a true work, by depth, and each plan's figures."""

    plans: tuple[PlanReport, ...]
    at: dict[int, Metrics]


def measure(
    results: Mapping[str, Sequence[str]],
    truth: Mapping[str, Collection[str]],
    known: Mapping[str, Collection[str]] | None = None,
    depths: Sequence[int] = DEPTHS,
) -> Report:
    """Compare the results of each plan, DOIs best first, with its true works."""
    reports = []
    for plan, works in truth.items():
        before = frozenset((known or {}).get(plan, ()))
        true = frozenset(works) - before
        if true:
            found = [doi for doi in dict.fromkeys(results.get(plan, ())) if doi not in before]
            reports.append(PlanReport(plan, len(true), len(found), {k: metrics(found, true, k) for k in depths}))
    return Report(tuple(reports), {k: mean([report.at[k] for report in reports]) for k in depths})


def metrics(found: Sequence[str], true: Collection[str], k: int) -> Metrics:
    """The figures of one order of works at depth k; `true` must not be empty."""
    hits = [place for place, doi in enumerate(found[:k], 1) if doi in true]
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
    """The mean of each figure; all 0 without any plan."""
    rows = [msgspec.structs.astuple(row) for row in figures]
    return Metrics(*(sum(column) / len(rows) for column in zip(*rows, strict=True))) if rows else Metrics(0, 0, 0, 0)
