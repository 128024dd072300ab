"""The state of a run is the fold of its events: what may follow what, and what is illegal."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from dmpworks.errors import LedgerError
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.events import (
    BatchAttempt,
    Cancelling,
    Ended,
    JobRequest,
    Observed,
    Outcome,
    Planned,
    Started,
    Submitted,
    Withdrawn,
)
from dmpworks.runs.ledger.fold import after, fold

BEGAN = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
JOB = "download"


def at(minute: int = 0) -> dict:
    return {"at": BEGAN + timedelta(minutes=minute), "by": "ada@laptop"}


def planned(submission=1, jobs=(JOB,), minute=0, retries=3) -> Planned:
    return Planned(
        **at(minute),
        submission=submission,
        where="batch",
        jobs=dict.fromkeys(jobs, JobRequest(retries=retries)),
        skipped={},
        settings={},
        version="1",
    )


def submitted(job=JOB, id="b-1", minute=1, adopted=False) -> Submitted:
    return Submitted(**at(minute), submission=1, job=job, id=id, adopted=adopted)


def started(token="t1", minute=2, id="b-1", number=1) -> Started:
    return Started(**at(minute), job=JOB, attempt=token, id=id, number=number)


def ended(outcome="succeeded", token="t1", minute=3) -> Ended:
    return Ended(**at(minute), job=JOB, attempt=token, outcome=outcome, counts=Counts(read=1, written=1), peak_memory=9)


def observed(state, minute=4, **more) -> Observed:
    return Observed(**at(minute), job=JOB, state=state, id="b-1", **more)


OPEN = ("planned", "submitted", "running")
ENDS = ("skipped", "failed", "cancelled", "succeeded")
WITHDRAWN = Withdrawn(**at(2), submission=1, job=JOB, id="b-1")
# events that bring the one job of a run to each status
PATHS = {
    None: [],
    "planned": [planned()],
    "submitted": [planned(), submitted()],
    "running": [planned(), submitted(), started()],
    "succeeded": [planned(), submitted(), started(), ended()],
    "failed": [planned(), submitted(), started(), ended("failed")],
    "skipped": [planned(), submitted(), observed("skipped")],
    "cancelled": [planned(), submitted(), observed("cancelled")],
    "withdrawn": [planned(), submitted(), WITHDRAWN],
}
# what happens next, and to which status it leads from each; illegal where nothing is said
NEXT = {
    # it may be written down late, when the job has begun already, or is even over
    "submitted": (
        submitted(),
        {"planned": "submitted", "running": "running"}
        | {end: end for end in ("succeeded", "failed", "skipped", "cancelled")},
    ),
    "withdrawn": (WITHDRAWN, dict.fromkeys(("planned", "submitted", "running", "withdrawn"), "withdrawn")),
    "started": (started("t2"), dict.fromkeys(PATHS, "running")),
    # several watchers, the container and whoever cancels tell ends in any order: the stronger one stays
    "succeeded": (observed("succeeded"), dict.fromkeys((*OPEN, *ENDS, "withdrawn"), "succeeded")),
    "failed": (
        observed("failed"),
        dict.fromkeys((*OPEN, "skipped", "failed"), "failed")
        | {"succeeded": "succeeded", "cancelled": "cancelled", "withdrawn": "withdrawn"},
    ),
    "skipped": (
        observed("skipped"),
        dict.fromkeys(OPEN, "skipped") | {end: end for end in (*ENDS, "withdrawn")},
    ),
    "cancelled": (
        observed("cancelled"),
        dict.fromkeys((*OPEN, "skipped", "failed", "cancelled"), "cancelled")
        | {"succeeded": "succeeded", "withdrawn": "withdrawn"},
    ),
}
CASES = [(before, event) for before in PATHS for event in NEXT]


def run(*events):
    return fold("ror", "2026-10-01", events)


@pytest.mark.parametrize("status", [status for status in PATHS if status])
def test_the_paths_lead_where_they_say(status):
    assert run(*PATHS[status]).jobs[JOB].status == status


@pytest.mark.parametrize(("before", "name"), CASES)
def test_every_transition_is_legal_or_told(before, name):
    event, results = NEXT[name]
    state = run(*PATHS[before])
    if before in results:
        assert after(state, event).jobs[JOB].status == results[before]
        return
    with pytest.raises(LedgerError) as caught:
        after(state, event)
    assert caught.value.on == (
        f"runs/ror/2026-10-01, event {len(PATHS[before]) + 1}: {JOB}: {name} cannot follow {before or 'nothing'}"
    )
    assert caught.value.next == "dmpworks runs reconcile ror/2026-10-01 --repair"


@pytest.mark.parametrize("before", PATHS)
def test_a_resume_may_follow_whatever_stands(before):
    state = run(*PATHS[before])
    again = after(state, planned(len(state.submissions) + 1, minute=9))
    assert again.jobs[JOB].status == "planned"
    assert again.jobs[JOB].attempts == (state.jobs[JOB].attempts if state.jobs else ())


@pytest.mark.parametrize("before", PATHS)
@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_an_attempt_that_has_begun_may_end_in_any_way_whatever_stands(before, outcome):
    begun = started("t9", minute=0, id=None)
    assert run(begun, *PATHS[before], ended(outcome, "t9", minute=9)).events == len(PATHS[before]) + 2
    assert run(*PATHS[before], begun, ended(outcome, "t9", minute=9)).events == len(PATHS[before]) + 2


@pytest.mark.parametrize("submission", [1, 3])
def test_submissions_are_counted_without_gap(submission):
    with pytest.raises(LedgerError, match="contradicts itself"):
        run(planned(), planned(submission))


def test_an_attempt_keeps_what_it_told():
    job = run(*PATHS["succeeded"]).jobs[JOB]
    assert (job.last.token, job.last.number, job.last.ended.peak_memory) == ("t1", 1, 9)
    assert job.last.ended.counts == Counts(read=1, written=1)
    assert (job.submitted, job.ended, job.exit_code) == (at(1)["at"], at(3)["at"], 0)


def test_a_job_that_says_again_waits_for_its_next_attempt_while_attempts_are_left():
    waiting = run(planned(retries=2), submitted(), started(), ended("again"))
    assert (waiting.jobs[JOB].status, waiting.status) == ("submitted", "running")
    last = after(after(waiting, started("t2", 5, number=2)), ended("again", "t2", 6))
    assert (last.jobs[JOB].status, last.status) == ("failed", "failed")


def test_a_local_job_that_says_again_has_failed():
    state = run(planned(), submitted(id=None), started(id=None, number=None), ended("again"))
    assert state.status == "failed"


def test_a_job_that_is_cancelled_says_that_it_was_interrupted_and_stays_cancelled():
    state = run(*PATHS["running"], observed("cancelled"), ended("interrupted", minute=5))
    assert (state.jobs[JOB].status, state.status) == ("cancelled", "cancelled")
    assert state.jobs[JOB].last.outcome == "interrupted"


def test_complete_output_is_no_failure_whatever_becomes_of_the_machine():
    state = run(*PATHS["succeeded"], observed("failed", reason="Host EC2 (instance i-1) terminated."))
    assert state.jobs[JOB].status == "succeeded"
    assert state.jobs[JOB].reason.startswith("Host EC2")


def test_an_adopted_job_that_runs_already_is_running():
    again = run(*PATHS["running"], planned(2, minute=5), submitted(minute=6, adopted=True))
    assert again.jobs[JOB].status == "running"
    assert [one.token for one in again.jobs[JOB].own] == ["t1"]
    assert run(*PATHS["running"], planned(2, minute=5), submitted(id="b-2", minute=6)).jobs[JOB].own == ()


@pytest.mark.parametrize("late", [observed("failed", minute=9), WITHDRAWN, ended("interrupted", minute=9)])
def test_what_comes_late_of_an_earlier_submission_moves_nothing(late):
    before = [*PATHS["running"], observed("failed"), planned(2, minute=5), submitted(id="b-2", minute=6)]
    state = run(*before, late)
    assert (state.jobs[JOB].status, state.jobs[JOB].id, state.jobs[JOB].ended) == ("submitted", "b-2", None)
    own = run(*before, late, started("t2", minute=10, id="b-2"), ended(token="t2", minute=11))
    assert own.jobs[JOB].status == "succeeded"
    assert [(one.token, one.outcome) for one in own.jobs[JOB].own] == [("t2", "succeeded")]


def test_an_end_that_a_watcher_tells_between_plan_and_submission_stops_no_resume():
    resumed = [*PATHS["running"], planned(2, minute=5), observed("failed", minute=6, cause="timed out", exit_code=1)]
    job = run(*resumed, submitted(id="b-2", minute=7)).jobs[JOB]
    assert (job.status, job.id, job.ended, job.cause, job.exit_code) == ("submitted", "b-2", None, None, None)
    assert run(*resumed, submitted(minute=7, adopted=True)).jobs[JOB].status == "failed"  # the very job that has ended


def test_an_attempt_that_lingers_on_a_lost_machine_ends_no_newer_one():
    retried = [*PATHS["running"], started("t2", minute=5, number=2)]
    job = run(*retried, ended("interrupted", minute=6)).jobs[JOB]
    assert (job.status, [one.outcome for one in job.attempts]) == ("running", ["interrupted", None])
    assert run(*retried, ended("succeeded", minute=6)).jobs[JOB].status == "succeeded"  # its output is there


def test_what_batch_tells_of_attempts_gives_the_end():
    tries = (BatchAttempt(started=at(2)["at"], stopped=at(8)["at"], reason="Host EC2 gone", exit_code=None),)
    job = run(*PATHS["running"], observed("failed", minute=30, batch_attempts=tries, exit_code=137)).jobs[JOB]
    assert (job.ended, job.exit_code, job.batch_attempts) == (at(8)["at"], 137, tries)


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([planned(jobs=(JOB, "transform"))], "incomplete"),
        ([planned(jobs=(JOB, "transform")), submitted()], "running"),
        ([planned(jobs=(JOB, "transform")), submitted(), started(), ended()], "incomplete"),
        ([planned(jobs=(JOB, "transform")), submitted(), observed("failed")], "failed"),
        ([planned(), submitted(), observed("cancelled")], "cancelled"),
        ([planned(), submitted(), WITHDRAWN], "incomplete"),
        ([planned(), submitted(), observed("succeeded")], "succeeded"),
        ([started()], "running"),
    ],
)
def test_a_run_in_one_word(events, status):
    assert run(*events).status == status


def test_who_asked_for_the_end_of_which_submission():
    state = run(*PATHS["running"], Cancelling(**at(5), submission=1))
    assert (state.cancelling, state.status) == ((1,), "running")
    assert (state.events, state.began, state.changed) == (4, at(0)["at"], at(5)["at"])
