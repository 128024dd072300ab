"""What people decided about works: added to plans, and known outputs of an upload made decisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import msgspec

from dmpworks.chains.process_dmps.database_plans import plan_ids, row_of_plan
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from dmpworks.services.database.links import PlanLinks

_PLAN = msgspec.json.Decoder(Plan)


def load_upload(database: DmpDatabase, plans: Sequence[Plan], known: Mapping[str, Sequence[str]]) -> None:
    """Bring the embedded database to the state of an upload; what people decided in it stays."""
    database.load_plans([row_of_plan(plan) for plan in plans])
    ids = plan_ids(database.plan_keys())
    for plan, works in known.items():
        if plan in ids:
            database.change_links(ids[plan], partial(accept_works, works))


def accept_works(works: Sequence[str], links: PlanLinks) -> None:
    """Accept works for a plan, as if a person had added them; an earlier decision stays."""
    stored = links.stored()
    linked = {link.doi for link in stored}
    links.accept(link.id for link in stored if link.doi in works and not link.decided)
    links.add_by_user(links.register_without_content([doi for doi in works if doi not in linked]).values())


def with_decisions(plans: Sequence[Plan], database: DmpDatabase) -> list[Plan]:
    """Return the plans with the works that people accepted and rejected."""
    ids, decisions = plan_ids(database.plan_keys()), database.decisions()
    decided = [decisions.get(ids.get(plan.doi, 0)) for plan in plans]
    return [
        msgspec.structs.replace(plan, accepted_dois=works.accepted, rejected_dois=works.rejected) if works else plan
        for plan, works in zip(plans, decided, strict=True)
    ]


def modified_by_decisions(plans: Sequence[Plan], before: Mapping[str, bytes], now: datetime) -> list[Plan]:
    """Return the plans, with `modified` set to now where people decided about a work since the last sync.

    The database keeps no time of a decision, so the plans are compared with those of the index (`before`, JSON by DOI).
    """
    return [_modified(plan, _PLAN.decode(before[plan.doi]), now) if plan.doi in before else plan for plan in plans]


def _modified(plan: Plan, before: Plan, now: datetime) -> Plan:
    same = set(plan.accepted_dois) == set(before.accepted_dois) and set(plan.rejected_dois) == set(before.rejected_dois)
    times = [time for time in (plan.modified, before.modified) if time]
    return msgspec.structs.replace(plan, modified=max(times, default=None) if same else now)
