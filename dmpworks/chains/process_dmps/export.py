"""Plans of the DMP Tool's export as records: cleaned fields, one state a plan, and why a plan is left out.

`database_plans.py` does the same for rows of the database, with the functions for people, places and awards of here.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec

from dmpworks.cleaners import identifiers, names
from dmpworks.cleaners.text import iso_date, iso_datetime, plain_text
from dmpworks.jobs.model import Counts
from dmpworks.matching.comparison.awards import is_award
from dmpworks.matching.records import Author, Institution, Plan, PlanAward

EARLIEST_YEAR = 1901  # plans that start earlier are bad data: the DMP Tool writes 1900 for an unknown date

Value = str | int | float | None


class Dropped(msgspec.Struct, frozen=True):
    """A plan that is left out, and why."""

    reason: str


NO_ID = Dropped("no dmp_id")
TOO_EARLY = Dropped("starts in or before 1900")
OLDER = "older state"


class _Party(msgspec.Struct, frozen=True):
    name: Value = None
    ror: Value = None
    orcid: Value = None
    id: Value = None


class _Funding(msgspec.Struct, frozen=True):
    funder: _Party | None = None
    grant_id: Value = None


class Exported(msgspec.Struct, frozen=True):
    """One line of the export, as written."""

    dmp_id: Value = None
    created: Any = None
    registered: Any = None
    modified: Any = None
    title: Value = None
    description: Value = None
    project_start: Any = None
    project_end: Any = None
    institutions: list[_Party | None] | None = None
    authors: list[_Party | None] | None = None
    funding: list[_Funding | None] | None = None


_EXPORTED = msgspec.json.Decoder(Exported)


def plan_from_export(line: bytes) -> Plan | Dropped:
    """Return the plan of one line of the export; raises msgspec.DecodeError on a line that is not such a record."""
    exported = _EXPORTED.decode(line)
    doi = identifiers.doi(_text(exported.dmp_id))
    if doi is None:
        return NO_ID
    start, end = iso_date(exported.project_start), iso_date(exported.project_end)
    if starts_too_early(start):
        return TOO_EARLY
    return Plan(
        doi=doi,
        title=plain_text(exported.title),
        abstract_text=plain_text(exported.description),
        project_start=start,
        project_end=valid_end(start, end),
        created=iso_datetime(exported.created),
        registered=iso_datetime(exported.registered),
        modified=iso_datetime(exported.modified),
        authors=_distinct(author(_text(p.name), _text(p.orcid)) for p in exported.authors or () if p),
        institutions=_distinct(institution(_text(p.name), _text(p.ror)) for p in exported.institutions or () if p),
        awards=_distinct(award for entry in exported.funding or () if entry for award in _awards(entry)),
    )


def starts_too_early(start: date | None) -> bool:
    """Return whether a project's start is bad data: in or before 1900."""
    return start is not None and start.year < EARLIEST_YEAR


def valid_end(start: date | None, end: date | None) -> date | None:
    """Return the project's end, None when it is before the start: searching an empty span would find nothing."""
    return None if start and end and end < start else end


def author(name: str | None, orcid: str | None, given: str | None = None, family: str | None = None) -> Author | None:
    """Return a plan's author; None without ORCID and name (an e-mail address or URL is not a name)."""
    person = names.parse(name, given, family, orcid)
    if person:
        return Author(**msgspec.structs.asdict(person))
    cleaned = identifiers.orcid(orcid)
    return Author(orcid=cleaned) if cleaned else None


def institution(name: str | None, ror: str | None) -> Institution | None:
    """Return a plan's institution; None when it has neither a name nor a ROR id."""
    place = Institution(name=plain_text(name), ror=identifiers.ror(ror))
    return place if place.name or place.ror else None


def awards(award_id: Value, funder_name: str | None, funder_id: str | None) -> list[PlanAward]:
    """Return the awards of one funding entry: one per id, or one without id for a placeholder beside a funder."""
    funder = {"funder_name": plain_text(funder_name), "funder_ror": identifiers.ror(funder_id)}
    stated = [PlanAward(award_id=text, **funder) for text in identifiers.award_ids(award_id) if is_award(text)]
    return stated or ([PlanAward(**funder)] if any(funder.values()) else [])


def _awards(entry: _Funding) -> list[PlanAward]:
    funder = entry.funder or _Party()
    return awards(entry.grant_id, _text(funder.name), _text(funder.id))


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) or value is None else str(value)


def _distinct(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(item for item in items if item is not None))


def newest(states: Iterable[Plan | Dropped]) -> tuple[list[Plan], Counts]:
    """Return the newest state of every plan, in order of first appearance, and what was left out by reason."""
    plans: dict[str, Plan] = {}
    dropped: dict[str, int] = {}
    read = 0
    for item in states:
        read += 1
        if isinstance(item, Dropped):
            dropped[item.reason] = dropped.get(item.reason, 0) + 1
            continue
        known = plans.get(item.doi)
        if known:
            dropped[OLDER] = dropped.get(OLDER, 0) + 1
        if not known or _age(item) >= _age(known):
            plans[item.doi] = item
    return list(plans.values()), Counts(read=read, written=len(plans), dropped=dropped)


def _age(plan: Plan) -> tuple[bool, datetime | None]:
    """Return a key that orders the states of one plan; a state without a date is the oldest."""
    time = plan.modified or plan.registered or plan.created
    return (True, time) if time else (False, datetime.min)
