"""The body of merge-related-works: what the search found, as links of the DMP Tool's database.

Every plan is merged in a transaction of its own; `link_changes.py` decides what becomes of its links.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from dmpworks.chains.process_dmps.database_plans import open_dmp_database, plan_ids
from dmpworks.chains.process_dmps.link_changes import LinkChanges, as_link, find_changes
from dmpworks.chains.process_dmps.match_files import read_matches
from dmpworks.chains.process_dmps.merge_checks import check_removals, failed_plans
from dmpworks.chains.process_dmps.settings import MergeSettings
from dmpworks.errors import DatabaseError, JobError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.matches import PlanMatches
from dmpworks.services.database import DmpDatabase
from dmpworks.services.database.links import PlanLinks
from dmpworks.settings.shared import DmpTool

UNKNOWN_PLAN = "plan not in the database"


def merge_matches(run: Run, tool: DmpTool, settings: MergeSettings) -> Counts:
    """Merge what this run's search found into the DMP Tool's database; raises MergeError, JobError, TemporaryError."""
    phase = run.earlier("dmp-works-search")
    command = f"dmpworks run {run.chain} --run-id {run.run_id} --start-job {run.job}"
    database = open_dmp_database(tool, run.bucket)
    try:
        check_removals(read_matches(phase), database, settings.max_pending_removed, command)
        return merge(read_matches(phase), database, run.progress, command)
    finally:
        database.close()


def merge(
    matches: Iterable[PlanMatches],
    database: DmpDatabase,
    progress: Callable[[str], None] = lambda text: None,
    command: str = "dmpworks run process-dmps --start-job merge-related-works",
) -> Counts:
    """Merge the matches of every plan, each in a transaction of its own.

    Counts plans as read and written; a plan that the database does not know is dropped. Raises MergeError after all
    other plans are done when some failed; TemporaryError or DatabaseError at once when all others would fail alike.
    """
    ids = plan_ids(database.plan_keys())
    failed: dict[str, JobError] = {}
    unknown: list[str] = []
    read, totals = 0, Counter[str]()
    for plan in matches:
        read += 1
        try:
            merged = merge_plan(plan, ids.get(plan.dmp_doi), database)
        except DatabaseError:
            raise
        except JobError as error:
            failed[plan.dmp_doi] = error
            continue
        totals.update(merged or {})
        if merged is None:
            unknown.append(plan.dmp_doi)
            progress(f"the database does not know plan {plan.dmp_doi}: skipped")
    also = _report(totals, database)
    if failed:
        raise failed_plans(failed, read, command)
    dropped = {UNKNOWN_PLAN: len(unknown)} if unknown else {}
    return Counts(read=read, written=read - len(unknown), dropped=dropped, also=also)


def merge_plan(plan: PlanMatches, plan_id: int | None, database: DmpDatabase) -> Counter[str] | None:
    """Merge the matches of one plan; return what was done, None when the database does not know the plan."""
    if plan_id is None:
        return None
    matched = [as_link(match) for match in plan.works]
    return database.change_links(plan_id, lambda links: _apply(find_changes(links.stored(), matched), links))


def _apply(changes: LinkChanges, links: PlanLinks) -> Counter[str]:
    """Write the changes: removals first, since the new link of a work may have the key of the removed one."""
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


def _report(totals: Counter[str], database: DmpDatabase) -> dict[str, int]:
    removed = database.remove_orphans()
    names = {"works": "works removed", "workVersions": "versions removed"}
    figures = dict(totals) | {names[table]: number for table, number in removed.items()}
    figures["transactions repeated"] = database.retries
    return {name: number for name, number in figures.items() if number or name in ALWAYS}


ALWAYS = ("links added", "links refreshed", "links removed", "links unchanged", "links decided by people")
