"""Another size is suggested once three runs were measured, with headroom, and only where it is worth a change."""

import pytest

from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.reports.sizing import suggestions
from tests.runs.sample import Story


def runs(bucket, peaks, cores=1.0, asked=None, where="batch"):
    """Return the states of runs with these peaks of memory (MiB), the newest first."""
    asked = asked or JobRequest(queue="q", vcpus=2, memory=4096)
    told = [
        Story(bucket, RunName("ror", f"2026-0{month}-01"), where=where)
        .plan({"transform": asked})
        .run_job("transform", 1, 60, peak=peak, cores=cores)
        .state
        for month, peak in enumerate(peaks, 1)
    ]
    return told[::-1]


def suggested(bucket, *peaks, **about):
    newest, *before = runs(bucket, peaks, **about)
    return {each.variable: each.suggested for each in suggestions(newest, before)}


def test_two_runs_are_too_few(bucket):
    assert suggested(bucket, 800, 800) == {}


def test_the_most_ever_used_decides_with_headroom(bucket):
    assert suggested(bucket, 1000, 1300, 900, cores=1.9) == {"ROR_TRANSFORM_MEMORY": 2048}  # 1300 * 1.25 = 1625


def test_more_memory_before_it_is_killed(bucket):
    assert suggested(bucket, 3000, 3300, 3900, cores=1.9) == {"ROR_TRANSFORM_MEMORY": 5120}


@pytest.mark.parametrize(("cores", "wanted"), [(0.4, 1), (1.0, 1), (1.7, None), (2.1, None), (3.4, 4)])
def test_as_many_cores_as_were_busy(bucket, cores, wanted):
    expected = {"ROR_TRANSFORM_VCPUS": wanted} if wanted else {}
    assert suggested(bucket, 3000, 3000, 3000, cores=cores) == expected


def test_a_small_saving_is_not_worth_a_change(bucket):
    assert suggested(bucket, 2600, 2600, 2600, cores=1.9) == {}


def test_local_runs_ask_for_nothing(bucket):
    assert suggested(bucket, 800, 800, 800, where="local") == {}


def test_a_run_that_failed_tells_nothing(bucket):
    newest, *before = runs(bucket, (800, 800))
    failed = Story(bucket, RunName("ror", "2026-03-01")).plan({"transform": JobRequest(vcpus=2, memory=4096)})
    failed.wait(1).start("transform").end("transform", 9, "failed", peak=800)
    assert suggestions(failed.state, [newest, *before]) == []


def test_what_it_saves_a_run(bucket):
    newest, *before = runs(bucket, (800, 800, 800), cores=1.9)
    (memory,) = suggestions(newest, before, lambda asked: asked.memory / 1024)
    assert (memory.requested, memory.suggested, memory.used, memory.runs) == (4096, 1024, 800, 3)
    assert memory.saving == 3.0  # a dollar a GiB-hour, an hour a run
