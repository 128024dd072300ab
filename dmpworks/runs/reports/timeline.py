"""When the jobs of each submission waited and ran: what a Gantt chart draws."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dmpworks.runs.ledger.events import AnyEvent, Ended, Observed, Planned, Submitted, Withdrawn
from dmpworks.runs.ledger.state import LIVE, RunState, Status
from dmpworks.runs.reports.executions import Execution, joined


class Wait(msgspec.Struct, frozen=True):
    """A job could have run and did not: it waited for a machine; without end it waits."""

    since: datetime
    until: datetime | None = None

    def seconds(self, now: datetime) -> float:
        """Return how long it waited, or waits until now."""
        return max(((self.until or now) - self.since).total_seconds(), 0.0)


class Lane(msgspec.Struct, frozen=True):
    """One job of a submission, and how the submission left it."""

    job: str
    status: Status
    waits: tuple[Wait, ...]
    executions: tuple[Execution, ...]


class Timeline(msgspec.Struct, frozen=True):
    """One submission: its jobs in order, from its plan to its last sign."""

    submission: int
    began: datetime
    ended: datetime
    lanes: tuple[Lane, ...]


def timelines(
    state: RunState, events: Sequence[AnyEvent], executions: Sequence[Execution], now: datetime
) -> list[Timeline]:
    """Return a timeline a submission; what was started by hand is in none."""
    whole = joined(executions, state)
    return [_timeline(plan, state, events, whole, now) for plan in state.submissions]


def _timeline(
    plan: Planned, state: RunState, events: Sequence[AnyEvent], whole: Sequence[Execution], now: datetime
) -> Timeline:
    sent, left = _sent(plan, events), _left(plan, events)
    newest = plan is state.newest
    lanes: list[Lane] = []
    ready: datetime | None = plan.at
    for name in plan.jobs:
        own = tuple(one for one in whole if one.job == name and one.submission == plan.submission)
        live = newest and state.jobs[name].status in LIVE
        since = max(ready, sent[name]) if ready and name in sent else None
        unsaid: tuple[Status, None] = ("submitted" if name in sent else "planned", None)
        status, ended = left.get(name, unsaid)
        queued = since if plan.where == "batch" else None  # on one machine nothing is waited for
        waits = _waits(queued, own, ended, live) if queued else ()
        lanes.append(Lane(name, state.jobs[name].status if newest else status, waits, own))
        ready = next((one.ended for one in reversed(own) if one.ending == "succeeded"), None)
    moments = [one.ended or now for lane in lanes for one in lane.executions]
    moments += [wait.until or now for lane in lanes for wait in lane.waits]
    return Timeline(plan.submission, plan.at, max([plan.at, *moments]), tuple(lanes))


def _sent(plan: Planned, events: Sequence[AnyEvent]) -> dict[str, datetime]:
    """Return when each job was sent; one that was adopted waits for this submission from then on."""
    return {
        event.job: event.at for event in events if isinstance(event, Submitted) and event.submission == plan.submission
    }


def _left(plan: Planned, events: Sequence[AnyEvent]) -> dict[str, tuple[Status, datetime]]:
    """Return how and when the jobs of a submission ended, as far as anything tells that before the next one."""
    own = False
    found: dict[str, tuple[Status, datetime]] = {}
    for event in events:
        if isinstance(event, Planned):
            own = event.submission == plan.submission
        elif own and isinstance(event, Observed):
            found[event.job] = (event.state, event.at)
        elif own and isinstance(event, Withdrawn):
            found[event.job] = ("withdrawn", event.at)
        elif own and isinstance(event, Ended) and event.job not in found:
            found[event.job] = ("succeeded" if event.outcome == "succeeded" else "failed", event.at)
    return found


def _waits(since: datetime, own: Sequence[Execution], ended: datetime | None, live: bool) -> tuple[Wait, ...]:
    """Return the times between the moment a job may run and its first execution, and between its executions."""
    found = []
    moment: datetime | None = since
    for one in own:
        if moment and one.started > moment:
            found.append(Wait(moment, one.started))
        moment = one.ended
    over = bool(own) and (own[-1].ended is None or own[-1].ending == "succeeded" or not live)
    if moment and not over and (live or ended):
        found.append(Wait(moment, None if live else ended))
    return tuple(found)
