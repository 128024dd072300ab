"""A job in shards is sent as an array job; the plan and its estimate count all machines."""

import pytest

from dmpworks.batch.costs import estimate, price_table
from dmpworks.batch.submission.limits import broken_limits
from dmpworks.commands.shared.plan_table import show_plan
from dmpworks.jobs.model import LARGE, Chain, Job
from tests.batch.scene import plan_of
from tests.jobs.sample import count, fetch

SHARED = Chain("letters", Job(fetch), Job(count, size=LARGE, sharded=True))


def test_the_request_of_a_job_in_shards():
    fetched, counted = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01", LETTERS_COUNT_SHARDS="40").requests()
    assert "arrayProperties" not in fetched
    assert counted["arrayProperties"] == {"size": 40}
    assert {"name": "LETTERS_COUNT_SHARDS", "value": "40"} in counted["containerOverrides"]["environment"]
    other = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01", LETTERS_COUNT_SHARDS="41").requests()[1]
    assert other["parameters"]["request"] != counted["parameters"]["request"]


def test_one_shard_is_an_ordinary_job():
    plan = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01", LETTERS_COUNT_SHARDS="1")
    assert "arrayProperties" not in plan.requests()[1]
    assert plan.asked["count"].shards is None


@pytest.mark.parametrize(("size", "broken"), [(1, True), (2, False), (10_000, False), (10_001, True)])
def test_the_sizes_that_aws_batch_allows(size, broken):
    request = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01").requests()[1] | {"arrayProperties": {"size": size}}
    assert broken_limits(request) == ([f"an array of {size:,}, not 2 to 10,000"] if broken else [])


def test_all_machines_are_counted_in_the_estimate():
    asked = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01", LETTERS_COUNT_SHARDS="40").asked["count"]
    one = estimate(plan_of(LETTERS_RUN_ID="2026-10-01").asked["count"], price_table(), 3600)
    assert estimate(asked, price_table(), 3600).usual == pytest.approx(40 * one.usual)


def test_the_plan_tells_the_number_of_shards(capsys):
    plan = plan_of(chain=SHARED, LETTERS_RUN_ID="2026-10-01", LETTERS_COUNT_SHARDS="40")
    show_plan(plan, {job: estimate(asked, price_table(), None) for job, asked in plan.asked.items()})
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    header = next(place for place, words in enumerate(table) if words[:1] == ["job"])
    shards = table[header].index("shards") + 1  # memory is two words
    assert [words[shards] for words in table[header + 1 : header + 3]] == ["1", "40"]
