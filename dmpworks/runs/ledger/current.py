"""The current state of a run: its ledger, and whether a process still holds its lock."""

from typing import NamedTuple

from dmpworks.runs.ledger.events import AnyEvent, Observed
from dmpworks.runs.ledger.fold import after, fold
from dmpworks.runs.ledger.locks import Lock, holder
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, who

PROCESS_GONE = "the process that ran it is gone"


class CurrentState(NamedTuple):
    """The events of a run and its state; locked: somebody may still send jobs of it."""

    events: list[AnyEvent]
    state: RunState
    locked: bool


def purpose(run: RunName) -> str:
    """Return what the lock of a chain says while one of its runs is under way on a machine."""
    return f"dmpworks run {run}"


def process_of(ledger: Ledger) -> Lock | None:
    """Return the lock of the process that runs a local run just now, if any."""
    return _its_own(holder(ledger.bucket, ledger.run.chain), ledger.run)


def current_state(ledger: Ledger) -> CurrentState:
    """Return how a run stands; of a local run whose process is gone, what it left without an end has failed."""
    # before the events: who held the lock until now has written all he did
    lock = holder(ledger.bucket, ledger.run.chain)
    events = ledger.events()
    state = fold(*ledger.run, events)
    if not state.newest or state.newest.where != "local":
        return CurrentState(events, state, lock is not None)
    if _its_own(lock, ledger.run) or (state.live and process_of(ledger)):  # it may have begun between the two looks
        return CurrentState(events, state, locked=True)
    for event in presumed_failures(state, PROCESS_GONE, who()):
        state = after(state, event)
    return CurrentState(events, state, locked=False)


def presumed_failures(state: RunState, reason: str, by: str) -> list[Observed]:
    """Return the ends of jobs that the ledger thinks alive and are not: the first failed, those after it never began.

    When is not known: the run's last sign stands for it.
    """
    if not (last := state.changed):
        return []
    return [
        Observed(at=last, by=by, job=job.name, state="skipped" if place else "failed", id=job.id, reason=reason)
        for place, job in enumerate(state.live)
    ]


def _its_own(lock: Lock | None, run: RunName) -> Lock | None:
    return lock if lock and lock.purpose == purpose(run) else None
