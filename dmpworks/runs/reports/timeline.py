"""Timelines: when the jobs of each submission waited and ran, as a Gantt chart draws it."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dmpworks.runs.ledger.events import AnyEvent, Ended, Observed, Planned, Submitted, Withdrawn
from dmpworks.runs.ledger.state import LIVE, RunState, Status
from dmpworks.runs.reports.executions import Execution, joined


class Wait(msgspec.Struct, frozen=True):
    """A time in which a job waited for a machine; `until` is None while it still waits."""

    since: datetime
    until: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """Return how long it waited, or has waited until now."""
        return max(((self.until or now) - self.since).total_seconds(), 0.0)


class Lane(msgspec.Struct, frozen=True):
    """One job of a submission, and its status at the end of that submission."""

    job: str
    status: Status
    waits: tuple[Wait, ...]
    executions: tuple[Execution, ...]


class Timeline(msgspec.Struct, frozen=True):
    """One submission: its jobs in order, from its plan to its last known activity."""

    submission: int
    began: datetime
    ended: datetime
    lanes: tuple[Lane, ...]


def timelines(
    state: RunState, events: Sequence[AnyEvent], executions: Sequence[Execution], now: datetime
) -> list[Timeline]:
    """Return one timeline per submission; jobs started by hand are in none."""
    whole = joined(executions, state)
    return [_timeline(plan, state, events, whole, now) for plan in state.submissions]


def _timeline(
    plan: Planned, state: RunState, events: Sequence[AnyEvent], whole: Sequence[Execution], now: datetime
) -> Timeline:
    sent, ends = _sent(plan, events), _ends(plan, events)
    newest = plan is state.newest
    lanes: list[Lane] = []
    ready: datetime | None = plan.at
    for name in plan.jobs:
        own = tuple(one for one in whole if one.job == name and one.submission == plan.submission)
        live = newest and state.jobs[name].status in LIVE
        since = max(ready, sent[name]) if ready and name in sent else None
        without_end: tuple[Status, None] = ("submitted" if name in sent else "planned", None)
        status, ended = ends.get(name, without_end)
        queued = since if plan.where == "batch" else None  # a local run never waits for a machine
        waits = _waits(queued, own, ended, live) if queued else ()
        lanes.append(Lane(name, state.jobs[name].status if newest else status, waits, own))
        ready = next((one.ended for one in reversed(own) if one.ending == "succeeded"), None)
    moments = [one.ended or now for lane in lanes for one in lane.executions]
    moments += [wait.until or now for lane in lanes for wait in lane.waits]
    return Timeline(plan.submission, plan.at, max([plan.at, *moments]), tuple(lanes))


def _sent(plan: Planned, events: Sequence[AnyEvent]) -> dict[str, datetime]:
    """Return when each job was sent, or adopted."""
    return {
        event.job: event.at for event in events if isinstance(event, Submitted) and event.submission == plan.submission
    }


def _ends(plan: Planned, events: Sequence[AnyEvent]) -> dict[str, tuple[Status, datetime]]:
    """Return how and when the jobs of a submission ended, as far as recorded before the next submission."""
    own = False
    ends: dict[str, tuple[Status, datetime]] = {}
    for event in events:
        if isinstance(event, Planned):
            own = event.submission == plan.submission
        elif own and isinstance(event, Observed):
            ends[event.job] = (event.state, event.at)
        elif own and isinstance(event, Withdrawn):
            ends[event.job] = ("withdrawn", event.at)
        elif own and isinstance(event, Ended) and event.job not in ends:
            ends[event.job] = ("succeeded" if event.outcome == "succeeded" else "failed", event.at)
    return ends


def _waits(since: datetime, own: Sequence[Execution], ended: datetime | None, live: bool) -> tuple[Wait, ...]:
    """Return the times in which a job waited: before its first execution, and between executions."""
    waits = []
    moment: datetime | None = since
    for one in own:
        if moment and one.started > moment:
            waits.append(Wait(moment, one.started))
        moment = one.ended
    over = bool(own) and (own[-1].ended is None or own[-1].ending == "succeeded" or not live)
    if moment and not over and (live or ended):
        waits.append(Wait(moment, None if live else ended))
    return tuple(waits)
