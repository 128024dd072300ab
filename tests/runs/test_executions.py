"""What was executed when: the jobs' own words and AWS Batch's attempts put together, and the waiting between."""

from datetime import timedelta

from msgspec.structs import replace

from dmpworks.runs.ledger.events import Started
from dmpworks.runs.ledger.fold import fold
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.reports.executions import executions
from dmpworks.runs.reports.metrics import read_run
from tests.runs.sample import BEGAN, JOBS, LARGE, SMALL, Story, good_run, troubled_run

MINUTE = 60
TWO = {"download": SMALL, "transform": LARGE}


def story(bucket) -> Story:
    return Story(bucket, RunName("openalex-works", "2026-10-01"))


def read(told: Story):
    return read_run(told.ledger, told.now)


def test_a_good_run(bucket):
    reading = read(good_run(bucket, "2026-10-01"))
    assert [(one.job, one.ending, one.number) for one in reading.executions] == [(job, "succeeded", 1) for job in JOBS]
    (time,) = reading.timelines
    assert [[wait.seconds(time.ended) / MINUTE for wait in lane.waits] for lane in time.lanes] == [[3], [2], [9], [2]]
    assert [lane.executions[0].seconds(time.ended) / MINUTE for lane in time.lanes] == [12, 41, 96, 8]
    assert reading.figures.seconds(time.ended) == (3 + 12 + 2 + 41 + 9 + 96 + 2 + 8) * MINUTE


def test_a_lost_machine_a_failure_and_a_resume(bucket):
    reading = read(troubled_run(bucket))
    search = [one for one in reading.executions if one.job == "dmp-works-search"]
    assert [(one.submission, one.ending, one.exit_code) for one in search] == [
        (1, "lost", None),
        (1, "failed", 137),
        (2, "succeeded", 0),
    ]
    assert [one.request.memory for one in search] == [250_880, 250_880, 501_760]
    first, second = reading.timelines
    assert [(lane.job, lane.status) for lane in first.lanes] == [
        ("sync-dmps", "succeeded"),
        ("enrich-dmps", "succeeded"),
        ("dmp-works-search", "failed"),
        ("merge-related-works", "skipped"),
    ]
    assert [wait.seconds(first.ended) / MINUTE for wait in first.lanes[2].waits] == [11, 14]
    assert (first.lanes[3].waits, first.lanes[3].executions) == ((), ())
    assert [lane.job for lane in second.lanes] == ["dmp-works-search", "merge-related-works"]
    assert second.began == first.ended + timedelta(minutes=321)


def test_an_attempt_that_could_tell_nothing_is_known_from_aws(bucket):
    told = story(bucket).plan(TWO).wait(2)
    told.begun["download"] = told.now
    told.lose("download", 5).wait(3).start("download").end("download", 20).see("download", "succeeded")
    lost, good = read(told).executions
    assert (lost.token, lost.ending, lost.reason) == (None, "lost", "Host EC2 (instance i-0a1b2c3d) terminated.")
    assert (good.number, good.ending, good.seconds(told.now)) == (2, "succeeded", 20 * MINUTE)


def test_attempts_that_were_not_told_their_number_are_known_by_their_times(bucket):
    told = story(bucket).plan(TWO).wait(2)
    told.begun["download"] = told.now
    told.lose("download", 5).wait(3).start("download").lose("download", 9).wait(3)
    told.start("download").end("download", 20).see("download", "succeeded")
    events = [replace(event, number=None) if isinstance(event, Started) else event for event in told.ledger.events()]
    found = executions(fold(*told.run, events), events)
    assert [(one.number, one.token is None, one.ending) for one in found] == [
        (1, True, "lost"),  # its machine was lost before it could tell
        (2, False, "lost"),
        (3, False, "succeeded"),
    ]


def test_an_attempt_without_end_ended_when_the_next_began(bucket):
    told = story(bucket).plan(TWO).wait(2).start("download").wait(30)
    told.tries["download"].append(None)  # AWS Batch has not told of it yet
    told.start("download")
    first, second = read(told).executions
    assert (first.ending, first.ended) == ("lost", second.started)
    assert (second.ending, second.ended) == (None, None)


def test_what_is_under_way_runs_until_now(bucket):
    told = story(bucket).plan(TWO).wait(2).start("download").wait(9)
    reading = read(told)
    assert reading.figures.status == "running"
    assert reading.figures.ended is None
    assert reading.figures.jobs[0].ran == 9 * MINUTE
    assert reading.timelines[0].ended == told.now


def test_what_waits_for_a_machine_waits_until_now(bucket):
    told = story(bucket).plan(TWO).run_job("download", 2, 5).wait(40)
    download, transform = read(told).timelines[0].lanes
    assert [wait.until for wait in transform.waits] == [None]
    assert transform.waits[0].seconds(told.now) == 40 * MINUTE
    assert len(download.waits) == 1


def test_a_job_that_was_cancelled_while_it_waited(bucket):
    told = story(bucket).plan(TWO).wait(30).cancel().wait(1).see("transform", "cancelled").see("download", "cancelled")
    download, transform = read(told.wait(600)).timelines[0].lanes
    assert [wait.seconds(told.now) / MINUTE for wait in download.waits] == [31]
    assert transform.waits == ()


def test_a_local_run_has_no_size_and_no_price(bucket):
    told = Story(bucket, RunName("openalex-works", "2026-10-01"), where="local").plan(TWO)
    told.start("download").end("download", 3).start("transform").end("transform", 4, "failed")
    reading = read_run(told.ledger, told.now, lambda asked: 1.0)
    assert [(one.job, one.ending) for one in reading.executions] == [("download", "succeeded"), ("transform", "failed")]
    assert reading.figures.cost is None
    assert reading.figures.where == "local"
    assert reading.figures.waited == 0  # a process starts at once


def test_the_cost_counts_what_failed_too(bucket):
    reading = read_run(troubled_run(bucket).ledger, BEGAN, lambda asked: float(asked.vcpus))
    search = reading.figures.jobs[2]
    assert search.cost == 32 * (38 + 71 + 88) / 60
    assert search.in_vain == 32 * (38 + 71) / 60
    assert reading.figures.in_vain == search.in_vain


def test_the_jobs_stand_in_the_order_of_the_chain(bucket):
    told = story(bucket).plan({"transform": LARGE}, {"download": "complete since yesterday"})
    told.run_job("transform", 1, 1).wait(1).plan(TWO).run_job("download", 1, 1)
    assert [job.job for job in read(told).figures.jobs] == ["download", "transform"]


def test_the_time_between_submissions_does_not_count(bucket):
    run = story(bucket).plan(TWO).run_job("download", 1, 5).wait(7 * 24 * 60).plan(TWO).run_job("download", 1, 5)
    assert read(run).figures.seconds(run.now) < 30 * MINUTE
