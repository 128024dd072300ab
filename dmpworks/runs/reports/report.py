"""Report on a run as one value, from which text, JSON and HTML are made."""

from datetime import datetime

import msgspec

from dmpworks.runs.ledger.history import earlier, run_before
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.reports.compare import Comparison, compare
from dmpworks.runs.reports.metrics import Hourly, Reading, read_run
from dmpworks.runs.reports.sizing import Suggestion, suggestions
from dmpworks.services.storage import Bucket


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A run, its comparison with the last successful run before it, and suggested sizes of its jobs."""

    made: datetime
    reading: Reading
    comparison: Comparison
    suggestions: tuple[Suggestion, ...]
    prices: str  # date and source of the prices


def make_report(bucket: Bucket, run: RunName, hourly: Hourly, prices: str, now: datetime) -> Report:
    """Read a run and those before it; `hourly` prices a size in dollars, `prices` describes the price table."""
    reading = read_run(Ledger(bucket, run), now, hourly)
    states = earlier(bucket, run)
    before = run_before(states)
    return Report(
        made=now,
        reading=reading,
        comparison=compare(read_run(Ledger(bucket, before), now).figures if before else None, reading.figures),
        suggestions=tuple(suggestions(reading.state, states, hourly)),
        prices=prices,
    )
