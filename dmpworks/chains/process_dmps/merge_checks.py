"""What stops a merge: too many links to remove, before anything is written; and plans that failed, after the others."""

from collections.abc import Iterable, Mapping

from dmpworks.chains.process_dmps.database_plans import plan_ids
from dmpworks.errors import JobError, MergeError, first_few
from dmpworks.matching.matches import PlanMatches
from dmpworks.services.database import DmpDatabase

ALWAYS_ALLOWED = 100  # links removed: as many as one plan has, so that an edited plan of a small database is no alarm
SAMPLES = 5  # plans that the error names for each cause


def check_removals(matches: Iterable[PlanMatches], database: DmpDatabase, limit: float, command: str) -> None:
    """Raise MergeError when the merge would remove more than a share `limit` of the PENDING links of its plans.

    A search that found too little, whatever the reason, shows here: the merge removes each PENDING link whose work was
    not found again. Nothing has been written yet.
    """
    ids, pending = plan_ids(database.plan_keys()), database.pending_works()
    links = removed = 0
    for plan in matches:
        stored = pending.get(ids.get(plan.dmp_doi, 0), ())
        matched = {match.work.doi for match in plan.works}
        links += len(stored)
        removed += sum(doi not in matched for doi in stored)
    if removed > ALWAYS_ALLOWED and removed > limit * links:
        raise MergeError(
            f"the merge would remove {removed:,} of {links:,} PENDING links, and was stopped before any change",
            on=f"PROCESS_DMPS_MERGE_RELATED_WORKS_MAX_PENDING_REMOVED={limit:g}, these are {removed / links:.0%}",
            next="see whether the works index and the matches are whole (dmpworks runs show); if the removal is "
            f"intended: {command} {OPTION}=1 (or batch-submit)",
        )


OPTION = "--merge-related-works.max-pending-removed"


def failed_plans(failed: Mapping[str, JobError], read: int, command: str) -> MergeError:
    """Return the error for plans that could not be merged: each cause once, with its plans and its own advice."""
    by_cause: dict[str, list[str]] = {}
    for doi, error in failed.items():
        by_cause.setdefault(f"{error.what}: {error.on}", []).append(doi)
    causes = [f"{cause}, for {len(dois):,} plans: {first_few(dois, SAMPLES)}" for cause, dois in by_cause.items()]
    advice = "; ".join(dict.fromkeys(error.next for error in failed.values()))
    others = "no plan was merged" if len(failed) == read else "the other plans are merged"
    return MergeError(
        f"the matches of {len(failed):,} of {read:,} plans could not be merged; {others}",
        on=first_few(causes, SAMPLES),
        next=f"{advice}; then: {command} (or batch-submit)",
    )
