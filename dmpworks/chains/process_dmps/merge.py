"""Merging what was found into the DMP Tool's database: which links are added, refreshed, removed or left alone.

The rules: one link per plan and DOI; what a person accepted, rejected or added stays as it is; a PENDING link takes the
new scores, evidence and version; a PENDING link that was not found again goes away.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from dmpworks.chains.process_dmps.database_plans import open_dmp_database, plan_ids
from dmpworks.chains.process_dmps.search import read_matches
from dmpworks.errors import JobError, MergeError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.evidence import Match, PlanMatches
from dmpworks.matching.records import Work
from dmpworks.services.database import DmpDatabase
from dmpworks.services.database.links import PlanLinks
from dmpworks.services.database.rows import Link, StoredLink, Version
from dmpworks.settings.shared import DmpTool

UNKNOWN_PLAN = "plan not in the database"
SAMPLES = 5  # plans that the error names in full


class Changes(msgspec.Struct):
    """What to do with the links of one plan; the numbers of those that stay are for the report."""

    add: list[Link] = []
    refresh: dict[int, Link] = {}
    remove: list[int] = []
    versions: dict[str, int] = {}  # of works to refresh, where it is the version that is linked already
    accept: list[int] = []  # brought in by a person, so accepted: the only thing about them that is ever set
    unchanged: int = 0
    decided: int = 0


def merge_matches(run: Run, tool: DmpTool) -> Counts:
    """Merge what this run's search found into the DMP Tool's database; raises MergeError, TemporaryError."""
    found = run.earlier("dmp-works-search")
    database = open_dmp_database(tool, run.bucket)
    try:
        return merge(read_matches(found), database, run.progress)
    finally:
        database.close()


def merge(
    matches: Iterable[PlanMatches], database: DmpDatabase, progress: Callable[[str], None] = lambda text: None
) -> Counts:
    """Merge the matches of every plan, each in a transaction of its own.

    Counts plans as read and written; a plan that the database does not know is dropped. Raises MergeError after all
    other plans are done when some failed, TemporaryError at once when the database is lost.
    """
    ids = plan_ids(database.plan_keys())
    failed: dict[str, str] = {}
    unknown: list[str] = []
    read, totals = 0, Counter[str]()
    for plan in matches:
        read += 1
        try:
            merged = merge_plan(plan, ids.get(plan.dmp_doi), database)
        except JobError as error:
            failed[plan.dmp_doi] = error.on
            continue
        totals.update(merged or {})
        if merged is None:
            unknown.append(plan.dmp_doi)
            progress(f"the database does not know plan {plan.dmp_doi}: skipped")
    also = _report(totals, database)
    if failed:
        raise _failure(failed, read)
    dropped = {UNKNOWN_PLAN: len(unknown)} if unknown else {}
    return Counts(read=read, written=read - len(unknown), dropped=dropped, also=also)


def merge_plan(plan: PlanMatches, plan_id: int | None, database: DmpDatabase) -> Counter[str] | None:
    """Merge the matches of one plan; returns what was done, None when the database does not know the plan."""
    if plan_id is None:
        return None
    found = [link(match) for match in plan.works]
    return database.change_links(plan_id, lambda links: _apply(compare(links.stored(), found), links))


def compare(stored: Sequence[StoredLink], found: Iterable[Link]) -> Changes:
    """Decide what becomes of the stored links of a plan, given all that was found for it."""
    changes = Changes()
    by_doi = {item.version.doi: item for item in reversed(list(found))}  # of a DOI found twice the first counts
    kept = set()
    for old in sorted(stored, key=lambda old: (not old.decided, not old.user_added, old.id)):
        again = old.doi in kept
        kept.add(old.doi)
        if old.decided:
            changes.decided += 1
        elif old.user_added:
            changes.accept.append(old.id)
        elif again or old.doi not in by_doi:
            changes.remove.append(old.id)
        elif same(old, by_doi[old.doi]):
            changes.unchanged += 1
        else:
            changes.refresh[old.id] = by_doi[old.doi]
            if old.hash == by_doi[old.doi].version.hash:
                changes.versions[old.doi] = old.version_id
    changes.add = [by_doi[doi] for doi in reversed(by_doi) if doi not in kept]
    return changes


def same(old: StoredLink, new: Link) -> bool:
    """Whether a stored link holds the version, the scores and the evidence that were found."""
    return (
        old.hash == new.version.hash
        and (old.score, old.score_max) == (new.score, new.score_max)
        and all(_same_json(old.evidence[name], text) for name, text in new.evidence.items())
    )


def _same_json(old: str | None, new: bytes) -> bool:
    """Compare as texts first: that is fast. MySQL writes JSON its own way, so other texts may mean the same."""
    return old is not None and (old.encode() == new or msgspec.json.decode(old) == msgspec.json.decode(new))


def _apply(changes: Changes, links: PlanLinks) -> Counter[str]:
    """Write the changes; links that go away go first, so that none stands in the way of its successor."""
    links.remove(changes.remove)
    links.accept(changes.accept)
    wanted = [item.version for item in (*changes.add, *changes.refresh.values())]
    versions = changes.versions | links.register([item for item in wanted if item.doi not in changes.versions])
    add = [item for item in changes.add if item.version.doi in versions]
    links.refresh(changes.refresh, versions)
    links.add(add, versions)
    return Counter(
        {
            "links added": len(add),
            "links refreshed": len(changes.refresh),
            "links removed": len(changes.remove),
            "links unchanged": changes.unchanged,
            "links decided by people": changes.decided + len(changes.accept),
            "works whose DOI the database takes for another's": len(changes.add) - len(add),
        }
    )


def link(match: Match) -> Link:
    """Return a match as the database takes it."""
    return Link(
        version=_version(match.work),
        score=match.score,
        score_max=match.score_max,
        evidence={
            "doiMatch": _json(match.doi_match),
            "contentMatch": _json(match.content_match),
            "authorMatches": _json(match.author_matches),
            "institutionMatches": _json(match.institution_matches),
            "funderMatches": _json(match.funder_matches),
            "awardMatches": _json(match.award_matches),
        },
    )


def _version(work: Work) -> Version:
    return Version(
        doi=work.doi,
        hash=bytes.fromhex(work.hash),
        work_type=work.work_type,
        publication_date=work.publication_date,
        title=work.title,
        abstract_text=work.abstract_text,
        authors=_json(work.authors),
        institutions=_json(work.institutions),
        funders=_json(work.funders),
        awards=_json(work.awards),
        publication_venue=work.publication_venue,
        source_name=work.source.name if work.source else None,
        source_url=work.source.url if work.source else None,
    )


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def _report(totals: Counter[str], database: DmpDatabase) -> dict[str, int]:
    removed = database.remove_orphans()
    names = {"works": "works removed", "workVersions": "versions removed"}
    figures = dict(totals) | {names[table]: number for table, number in removed.items()}
    figures["transactions repeated"] = database.retries
    return {name: number for name, number in figures.items() if number or name in ALWAYS}


ALWAYS = ("links added", "links refreshed", "links removed", "links unchanged", "links decided by people")


def _failure(failed: dict[str, str], read: int) -> MergeError:
    samples = "; ".join(f"{doi} ({why})" for doi, why in list(failed.items())[:SAMPLES])
    more = ", ".join(list(failed)[SAMPLES:])
    return MergeError(
        f"the matches of {len(failed)} of {read} plans could not be merged",
        on=samples + (f"; and {more}" if more else ""),
        next="the other plans are merged; run the job merge-related-works again when the cause is removed",
    )
