"""A job that several containers share, in the ledger: when it has succeeded, and what its figures are."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dmpworks.errors import LedgerError
from dmpworks.jobs.model import Counts, Shard
from dmpworks.runs.ledger.events import AnyEvent, Ended, ErrorText, JobRequest, Observed, Planned, Started, Submitted
from dmpworks.runs.ledger.fold import Folding, after, fold
from dmpworks.runs.ledger.state import JobState, RunState
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.reports.gantt import chart
from dmpworks.runs.reports.html_elements import write
from dmpworks.runs.reports.metrics import Reading, read_run
from dmpworks.services.storage import Bucket
from tests.runs.sample import BEGAN

JOB, ARRAY = "transform", "b-1"
WHOLE = Counts(read=30, written=30)
RUN = RunName("datacite", "2026-10-01")


def at(minute: float) -> dict:
    return {"at": BEGAN + timedelta(minutes=minute), "by": "container@ip-10-0-3-17"}


def sent(submission: int = 1, minute: float = 0, id: str | None = ARRAY, shards: int = 3) -> list[AnyEvent]:
    asked = JobRequest(queue="dmpworks-dev", vcpus=2, memory=4096, retries=3, shards=shards)
    plan = Planned(
        **at(minute), submission=submission, where="batch", jobs={JOB: asked}, skipped={}, settings={}, version="1"
    )
    return [plan, Submitted(**at(minute), submission=submission, job=JOB, id=id)]


def began(shard: int, minute: float = 1, array: str | None = ARRAY, number: int = 1, of: int = 3) -> Started:
    id = f"{array}:{shard}" if array else None
    token = f"{array}-{shard}-{number}"
    return Started(**at(minute), job=JOB, attempt=token, id=id, number=number, shard=Shard(shard, of))


def did(
    shard: int,
    minute: float = 5,
    outcome: str = "succeeded",
    number: int = 1,
    array: str | None = ARRAY,
    **more: object,
) -> Ended:
    told = {"peak_memory": 100 * (shard + 1), "cpu_seconds": 60.0, **more}
    return Ended(**at(minute), job=JOB, attempt=f"{array}-{shard}-{number}", outcome=outcome, **told)


def observed(state: str, minute: float = 9, id: str | None = ARRAY) -> Observed:
    return Observed(**at(minute), job=JOB, state=state, id=id, reason="Array Child Job failed")


def job(*events: AnyEvent) -> JobState:
    return fold(*RUN, events).jobs[JOB]


def by_hand(shard: int, minute: float, outcome: str = "succeeded") -> Ended:
    return Ended(**at(minute), job=JOB, attempt=f"None-{shard}-1", outcome=outcome)


ALL = [*sent(), began(0), began(1), began(2)]
BROKEN = [*ALL, did(0), did(1, outcome="failed"), did(2)]
CASES = {
    "none has begun": (sent(), "submitted"),
    "one runs": ([*sent(), began(1)], "running"),
    "one has succeeded": ([*ALL, did(1)], "running"),
    "all have succeeded, in whatever order": ([*ALL, did(2), did(0), did(1)], "succeeded"),
    "one has failed": (BROKEN, "running"),
    "one has failed, and AWS Batch says so": ([*BROKEN, observed("failed")], "failed"),
    "one says again": ([*ALL, did(0), did(1), did(2, outcome="again")], "running"),
    "its next attempt has succeeded": (
        [*ALL, did(0), did(1), did(2, outcome="again"), began(2, number=2), did(2, number=2)],
        "succeeded",
    ),
    "the same one has succeeded three times": (
        [*sent(), *(event for n in (1, 2, 3) for event in (began(0, number=n), did(0, number=n)))],
        "running",
    ),
    "one could not tell its end, and AWS Batch does": ([*ALL, did(0), did(1), observed("succeeded")], "succeeded"),
    "those of an earlier submission do not count": (
        [*ALL, did(0), did(1), observed("failed"), *sent(2, 20, "b-2"), began(2, 21, "b-2")],
        "running",
    ),
    "nor with what a later one has done": (
        [*ALL, did(0), did(1), observed("failed"), *sent(2, 20, "b-2"), began(2, 21, "b-2"), did(2, 22, array="b-2")],
        "running",
    ),
    "nor when they end late": (
        [
            *[*ALL, observed("failed"), *sent(2, 20, "b-2"), *(began(shard, 21, "b-2") for shard in range(3))],
            *[did(0, 22, array="b-2"), did(1, 23), did(2, 24, array="b-2")],
        ],
        "running",
    ),
    "the end of one is told twice, and the later word counts": (
        [*ALL, did(0), did(0, outcome="failed"), did(1), did(2)],
        "running",
    ),
    "it is cancelled": ([*ALL, observed("cancelled"), did(0, outcome="interrupted")], "cancelled"),
    "the one that failed was run again by hand": (
        [*BROKEN, observed("failed"), began(1, 20, number=2), did(1, 25, number=2)],
        "succeeded",
    ),
    "it failed again by hand": (
        [*BROKEN, observed("failed"), began(1, 20, None), by_hand(1, 21, "failed")],
        "failed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_job_is_done_when_all_its_shards_are(name: str) -> None:
    events, status = CASES[name]
    assert job(*events).status == status


def test_started_by_hand_without_any_submission() -> None:
    one = [began(0, array=None, of=2), by_hand(0, 2)]
    assert job(*one).status == "running"
    assert job(*one, began(1, 3, None, of=2), by_hand(1, 4)).status == "succeeded"


def test_an_array_job_is_known_by_its_own_id() -> None:
    assert (job(*sent(id=None), began(2)).id, job(*ALL).id) == (ARRAY, ARRAY)
    assert [one.id for one in job(*ALL).own] == ["b-1:0", "b-1:1", "b-1:2"]
    late = job(*ALL, observed("failed"), *sent(2, 20, "b-2"), began(0, 21), did(0, 22))
    assert (late.status, late.done(3)) == ("submitted", set())


def test_which_shards_have_failed() -> None:
    state = job(*ALL, did(0), did(2, outcome="again"), began(2, number=2), did(2, number=2))
    assert (state.done(3), state.failed_shards) == ({0, 2}, [1])


def ran(shard: int, minute: float, outcome: str, number: int, array: str | None) -> list[AnyEvent]:
    return [began(shard, minute, array, number, of=2), did(shard, minute, outcome, number, array)]


SHARDS, MINUTES, NUMBERS = st.integers(0, 1), st.integers(0, 5), st.integers(1, 2)
ARRAYS = st.sampled_from([ARRAY, "b-2", None])
OUTCOMES = st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "again"])
EVENTS = st.one_of(
    st.builds(began, SHARDS, MINUTES, ARRAYS, NUMBERS, st.sampled_from([2, 2, 2, 3])),
    st.builds(did, SHARDS, MINUTES, OUTCOMES, NUMBERS, ARRAYS),
    st.builds(observed, st.sampled_from(["succeeded", "failed", "cancelled"]), MINUTES, ARRAYS),
)
STEPS = st.one_of(
    EVENTS.map(lambda event: [event]),
    st.builds(ran, SHARDS, MINUTES, OUTCOMES, NUMBERS, ARRAYS),
    st.builds(sent, st.just(1), MINUTES, ARRAYS, st.just(2)),
)


def in_order(steps: list[list[AnyEvent]]) -> Iterator[AnyEvent]:
    """Yield the events of all steps, the submissions numbered."""
    submission = 0
    for event in (event for step in steps for event in step):
        submission += isinstance(event, Planned)
        yield replace(event, submission=submission) if isinstance(event, Planned | Submitted) else event


@settings(deadline=None, max_examples=300)
@given(st.lists(STEPS, min_size=10, max_size=30))
def test_event_by_event_or_all_at_once_the_state_is_the_same(steps: list[list[AnyEvent]]) -> None:
    states, told = [RunState(chain=RUN.chain, run_id=RUN.run_id)], []
    folding = Folding(states[0])
    for event in in_order(steps):
        try:
            states.append(after(states[-1], event))
        except LedgerError:
            with pytest.raises(LedgerError):
                folding.add(event)
        else:
            folding.add(event)
            told.append(event)
    assert folding.state == states[-1]
    assert [fold(*RUN, told[:count]) for count in range(len(states))] == states  # and no state has changed since


def reading(bucket: Bucket, *events: AnyEvent) -> Reading:
    ledger = Ledger(bucket, RUN)
    for event in events:
        ledger.append(event)
    return read_run(ledger, at(60)["at"], lambda asked: 6.0)


def test_the_figures_of_a_job_are_of_all_its_shards(bucket: Bucket) -> None:
    ends = [did(0, 3), did(2, 4), did(1, 11, counts=WHOLE)]
    (figures,) = reading(bucket, *ALL, *ends).figures.jobs
    assert (figures.counts, figures.peak_memory, figures.cpu_seconds) == (WHOLE, 300, 180.0)
    assert (figures.executions, figures.took, figures.ran) == (3, 10 * 60, (2 + 3 + 10) * 60)
    assert figures.cores == 180 / (15 * 60)
    assert figures.cost == pytest.approx(6.0 * 15 / 60)


def test_its_bar_goes_from_the_first_start_to_the_last_end(bucket: Bucket) -> None:
    found = reading(bucket, *sent(), began(1, 2), did(1, 4), began(0, 3), began(2, 8), did(0, 9), did(2, 12))
    (time,) = found.timelines
    (lane,) = time.lanes
    (bar,) = lane.executions
    assert (bar.shards, bar.started, bar.ended, bar.ending) == (3, at(2)["at"], at(12)["at"], "succeeded")
    assert [wait.seconds(time.ended) for wait in lane.waits] == [120]
    assert "attempt 1 of 3 shards ran, 10 min" in write(chart(time, at(60)["at"]))


def test_a_failed_shard_makes_a_failed_bar_and_tells_why(bucket: Bucket) -> None:
    error = ErrorText("a file is damaged", "x.gz", "download it again")
    ends = [did(0, 3), did(1, 5, "failed", error=error, exit_code=1), did(2, 7)]
    found = reading(bucket, *ALL, *ends, observed("failed"))
    (bar,) = found.timelines[0].lanes[0].executions
    assert (bar.ending, bar.ended, found.figures.jobs[0].error) == ("failed", at(7)["at"], error)
    assert found.figures.jobs[0].in_vain == pytest.approx(6.0 * 4 / 60)


def test_while_one_is_still_to_come_the_bar_is_open(bucket: Bucket) -> None:
    (bar,) = reading(bucket, *sent(), began(0), did(0), began(1), did(1)).timelines[0].lanes[0].executions
    assert (bar.ended, bar.ending) == (None, None)
