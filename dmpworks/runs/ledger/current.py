"""Current state of a run: its ledger, and whether a process still holds the lock of its chain."""

from typing import NamedTuple

from dmpworks.runs.ledger.events import AnyEvent, Observed
from dmpworks.runs.ledger.fold import after, fold
from dmpworks.runs.ledger.locks import Lock, holder
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, who

PROCESS_GONE = "the process that ran it is gone"


class CurrentState(NamedTuple):
    """Events and state of a run; `locked`: a process may still submit jobs of it."""

    events: list[AnyEvent]
    state: RunState
    locked: bool


def purpose(run: RunName) -> str:
    """Return the purpose recorded in the lock of a chain during a local run."""
    return f"dmpworks run {run}"


def process_of(ledger: Ledger) -> Lock | None:
    """Return the lock of the process that executes this local run now, if any."""
    return _if_held_for(ledger.run, holder(ledger.bucket, ledger.run.chain))


def current_state(ledger: Ledger) -> CurrentState:
    """Return the current state of a run.

    For a local run whose process is gone, jobs without a recorded end count as failed.
    """
    # read before the events: a holder that releases the lock in between has written all its events by then
    lock = holder(ledger.bucket, ledger.run.chain)
    events = ledger.events()
    state = fold(*ledger.run, events)
    if not state.newest or state.newest.where != "local":
        return CurrentState(events, state, lock is not None)
    # asked again: the local run may have begun after the first look at the lock
    if _if_held_for(ledger.run, lock) or (state.live and process_of(ledger)):
        return CurrentState(events, state, locked=True)
    for event in presumed_failures(state, PROCESS_GONE, who()):
        state = after(state, event)
    return CurrentState(events, state, locked=False)


def presumed_failures(state: RunState, reason: str, by: str) -> list[Observed]:
    """Return ends for the live jobs of a dead run: the first one failed, those after it were skipped.

    The real time is unknown; the time of the run's last event is used.
    """
    if not (last := state.changed):
        return []
    return [
        Observed(at=last, by=by, job=job.name, state="skipped" if place else "failed", id=job.id, reason=reason)
        for place, job in enumerate(state.live)
    ]


def _if_held_for(run: RunName, lock: Lock | None) -> Lock | None:
    return lock if lock and lock.purpose == purpose(run) else None
