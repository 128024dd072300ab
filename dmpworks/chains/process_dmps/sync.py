"""The body of sync-dmps: plans with what people decided, to the next jobs and to the search engine.

Plans come from the upload or from the DMP Tool's database, decisions always from the database. The embedded database is
ours: it is created here and filled from the upload, and `known-outputs.json` beside the upload becomes ACCEPTED links.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from dmpworks.chains.process_dmps.database_plans import open_dmp_database, plan_from_row
from dmpworks.chains.process_dmps.decisions import load_upload, modified_by_decisions, with_decisions
from dmpworks.chains.process_dmps.export import newest
from dmpworks.chains.process_dmps.plan_files import write_plans
from dmpworks.chains.process_dmps.settings import UPLOAD, PlanSettings, UploadSettings
from dmpworks.chains.process_dmps.subset import PlanSubset, read_plan_subset
from dmpworks.chains.process_dmps.upload import read_known_outputs, read_upload
from dmpworks.errors import SyncError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from dmpworks.services.search import BulkReport, Document, SearchEngine, describe_failures, open_engine
from dmpworks.settings.shared import BadRecords, DmpTool, Search

NOT_IN_SUBSET = "not in subset"


def sync(
    run: Run, plans: PlanSettings, upload: UploadSettings, tool: DmpTool, search: Search, bad: BadRecords
) -> Counts:
    """Do the job sync-dmps; raises SyncError, JobError, TemporaryError."""
    subset = read_plan_subset(run.bucket) if plans.use_subset else None
    database = open_dmp_database(tool, run.bucket)
    engine = open_engine(search, run.bucket, run.region)
    try:
        if plans.plans_from == "upload":
            read, counts = _plans_of_upload(run, database, upload, bad)
        else:
            read, counts = newest(map(plan_from_row, database.plans()))
        counts = msgspec.structs.replace(counts, written=0)  # counted below, after the subset
        return counts + sync_plans(run, read, subset, database, engine, search.opensearch_dmps_index)
    finally:
        engine.close()
        database.close()


def _plans_of_upload(
    run: Run, database: DmpDatabase, upload: UploadSettings, bad: BadRecords
) -> tuple[list[Plan], Counts]:
    phase = run.upload(UPLOAD, upload.dmps_run_id)
    plans, counts = read_upload(run, phase, bad.max_bad_records)
    if database.embedded:
        load_upload(database, plans, read_known_outputs(phase))
    return plans, counts


def sync_plans(
    run: Run,
    plans: Sequence[Plan],
    subset: PlanSubset | None,
    database: DmpDatabase,
    engine: SearchEngine,
    index: str,
) -> Counts:
    """Publish plans with what people decided, and bring the index of plans to their state."""
    kept = with_decisions([plan for plan in plans if subset is None or subset.contains(plan)], database)
    engine.create(index)
    engine.refresh(index)
    kept = modified_by_decisions(kept, engine.fetch(index, [plan.doi for plan in kept]), datetime.now(UTC))
    write_plans(run, kept)
    report = sync_index(engine, index, kept)
    dropped = {NOT_IN_SUBSET: len(plans) - len(kept)} if subset else {}
    also = _figures(kept) | {"plans removed from the index": report.deleted}
    return Counts(written=len(kept), dropped=dropped, also=also)


def _figures(plans: Sequence[Plan]) -> dict[str, int]:
    return {
        "plans without start": sum(plan.project_start is None for plan in plans),
        "plans without end": sum(plan.project_end is None for plan in plans),
        "accepted works": sum(len(plan.accepted_dois) for plan in plans),
        "rejected works": sum(len(plan.rejected_dois) for plan in plans),
    }


def sync_index(engine: SearchEngine, index: str, plans: Sequence[Plan]) -> BulkReport:
    """Make an index hold just these plans; raises SyncError, after the rest, when it refused some or holds others."""
    stale = set(engine.ids(index)) - {plan.doi for plan in plans}
    report = engine.bulk(index, (Document(plan.doi, {}, source=plan) for plan in plans), sorted(stale))
    engine.refresh(index)
    count = engine.count(index)
    if report.refused:
        what = f"{report.refused} of {len(plans)} plans were refused by the search engine"
        raise _index_error(what, describe_failures(report.failures))
    if count != len(plans):
        raise _index_error(f"the index holds {count} plans, not {len(plans)}", f"index {index}")
    return report


def _index_error(what: str, on: str) -> SyncError:
    return SyncError(
        what, on=on, next="fix the cause, then run the job sync-dmps again; all other plans are in the index"
    )
