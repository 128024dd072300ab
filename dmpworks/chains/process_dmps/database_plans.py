"""Open the DMP Tool's database, and convert its plans to our records and back."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import zip_longest

from dmpworks.chains.process_dmps.export import (
    NO_ID,
    TOO_EARLY,
    Dropped,
    author,
    awards,
    institution,
    starts_too_early,
    valid_end,
)
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import iso_date, plain_text
from dmpworks.errors import SettingsError
from dmpworks.matching.records import Author, Institution, Plan, PlanAward
from dmpworks.services.database import DmpDatabase, open_database
from dmpworks.services.database.rows import Affiliation, Funding, Member, PlanKey, PlanRow
from dmpworks.services.secrecy import create_private_file
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import DmpTool

DOI_URL, ROR_URL = "https://doi.org/", "https://ror.org/"
NO_ROR_URL = "https://dmptool.org/affiliations/"
DATABASE_FILE = "dmp-tool.sqlite"
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def open_dmp_database(tool: DmpTool, bucket: Bucket) -> DmpDatabase:
    """Open the DMP Tool's database, or our embedded one where none is named and the bucket is a folder."""
    if tool.dmp_database_url is not None:
        return open_database(tool.dmp_database_url.reveal())
    if not bucket.is_folder:
        raise SettingsError(
            "DMP_DATABASE_URL is not set",
            on=f"the bucket {bucket.name} is not a folder, which could hold an embedded database",
            next="set DMP_DATABASE_URL (on AWS as a secret of the job definition), or give a folder as bucket",
        )
    path = bucket.local_folder(".") / DATABASE_FILE
    create_private_file(path)  # plans hold names and addresses of people
    database = open_database(f"sqlite:///{path}", embedded=True)
    database.create_tables()
    return database


def plan_ids(keys: Iterable[PlanKey]) -> dict[str, int]:
    """Return the id of the plan to use for each DOI: the newest, and a usable one before one that is not."""
    chosen: dict[str, PlanKey] = {}
    for key in keys:
        doi = identifiers.doi(key.dmp_id)
        if doi and (doi not in chosen or _rank(key) >= _rank(chosen[doi])):
            chosen[doi] = key
    return {doi: key.id for doi, key in chosen.items()}


def _rank(key: PlanKey) -> tuple[bool, datetime]:
    return key.usable, key.modified or LONG_AGO


def plan_from_row(row: PlanRow) -> Plan | Dropped:
    """Return a plan of the database as ours; texts are cleaned as those of the export are."""
    doi = identifiers.doi(row.dmp_id)
    start, end = iso_date(row.start), iso_date(row.end)
    if doi is None:
        return NO_ID
    if starts_too_early(start):
        return TOO_EARLY
    return Plan(
        doi=doi,
        title=plain_text(row.title),
        abstract_text=plain_text(row.abstract_text),
        project_start=start,
        project_end=valid_end(start, end),
        created=row.created,
        registered=row.registered,
        modified=row.modified,
        authors=tuple(dict.fromkeys(_authors(row.members))),
        institutions=tuple(dict.fromkeys(_institutions(row.members))),
        awards=tuple(dict.fromkeys(_awards(row.fundings))),
    )


def _authors(members: Iterable[Member]) -> Iterator[Author]:
    for member in members:
        if person := author(None, member.orcid, member.given_name, member.surname):
            yield person


def _institutions(members: Iterable[Member]) -> Iterator[Institution]:
    for place in (member.affiliation for member in members):
        if place and (cleaned := institution(place.name, place.uri)):
            yield cleaned


def _awards(fundings: Iterable[Funding]) -> Iterator[PlanAward]:
    """Yield the awards of both fields that may hold an id; a placeholder beside a real id is ignored."""
    for funding in fundings:
        name, uri = (funding.funder.name, funding.funder.uri) if funding.funder else (None, None)
        stated = [*awards(funding.grant_id, name, uri), *awards(funding.project_number, name, uri)]
        yield from [award for award in stated if award.award_id] or stated[:1]


def row_of_plan(plan: Plan) -> PlanRow:
    """Return a plan as the database would hold it."""
    return PlanRow(
        dmp_id=DOI_URL + plan.doi,
        title=plan.title,
        abstract_text=plan.abstract_text,
        start=plan.project_start.isoformat() if plan.project_start else None,
        end=plan.project_end.isoformat() if plan.project_end else None,
        registered=plan.registered,
        created=plan.created,
        modified=plan.modified,
        members=tuple(_members(plan)),
        fundings=tuple(_funding(award) for award in plan.awards),
    )


def _members(plan: Plan) -> Iterator[Member]:
    """Pair people and institutions as they come: an upload does not say who belongs where."""
    for number, (person, place) in enumerate(zip_longest(plan.authors, plan.institutions)):
        affiliation = _affiliation(place.name, place.ror) if place else None
        if person is None:
            yield Member(affiliation=affiliation)
        else:
            given = " ".join(name for name in (person.given_name, person.middle_names) if name) or None
            yield Member(given, person.surname, person.orcid, affiliation, primary_contact=number == 0)


def _funding(award: PlanAward) -> Funding:
    return Funding(funder=_affiliation(award.funder_name, award.funder_ror), grant_id=award.award_id)


def _affiliation(name: str | None, ror: str | None) -> Affiliation | None:
    if ror:
        return Affiliation(ROR_URL + ror, name)
    # A name itself cannot be the key: MySQL treats texts as equal that differ in accents only.
    return Affiliation(NO_ROR_URL + uuid.uuid5(uuid.NAMESPACE_URL, name).hex, name) if name else None
