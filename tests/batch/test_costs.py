"""What a job may cost: an estimate from a dated table, and from how long the job took before."""

from datetime import date

import pytest

from dmpworks.batch.costs import estimate, hourly, price_table, prices, usual_seconds
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.settings.shared import Submission
from tests.runs.sample import good_run

LARGE = JobRequest(vcpus=32, memory=250_880, timeout=36_000)


def test_the_table_says_when_and_from_where_it_is():
    table = price_table()
    assert date(2026, 1, 1) < date.fromisoformat(table.on)
    assert "us-east-1" in table.source


@pytest.mark.parametrize(("vcpus", "gib", "dollars"), [(2, 4, 0.085), (2, 8, 0.096), (2, 16, 0.126), (32, 256, 2.016)])
def test_the_table_gives_what_instances_cost_within_four_per_cent(vcpus, gib, dollars):
    """The prices of c6i.large, m6i.large, r6i.large and r6i.8xlarge, on demand in us-east-1."""
    assert hourly(JobRequest(vcpus=vcpus, memory=gib * 1024), price_table()) == pytest.approx(dollars, rel=0.04)


def test_prices_can_be_set():
    own = prices(Submission(batch_price_vcpu_hour=0.01, batch_price_gib_hour=0.0))
    assert hourly(LARGE, own) == pytest.approx(0.32)
    assert own.source == "BATCH_PRICE_* settings"
    assert prices(Submission()) == price_table()


def test_an_estimate_without_history_tells_the_hour_and_the_ceiling():
    told = estimate(LARGE, price_table(), None)
    assert told.ceiling == pytest.approx(10 * told.hourly)
    assert str(told) == "at most $19.79"


def test_an_estimate_with_history_tells_the_usual():
    told = estimate(LARGE, price_table(), 1800)
    assert told.usual == pytest.approx(told.hourly / 2)
    assert str(told) == "about $0.99"
    assert str(estimate(LARGE, price_table(), 5)) == "<$0.01"


def test_the_usual_time_is_the_median_of_earlier_attempts_that_succeeded(bucket):
    runs = [good_run(bucket, f"2026-0{month}-01", scale).state for month, scale in ((6, 1), (7, 3), (8, 1.5))]
    assert usual_seconds(runs, "enrich-dmps") == pytest.approx(41 * 1.5 * 60)
    assert usual_seconds(runs, "never-run") is None
    assert usual_seconds([], "enrich-dmps") is None
