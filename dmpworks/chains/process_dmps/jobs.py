"""START HERE: plans in, related works out.

The chain runs daily. `sync-dmps` takes the plans (the export that was uploaded under `dmps/<DMPS_RUN_ID>/download/`, or
the DMP Tool's database), leaves out what is no usable plan, adds what people have accepted and rejected, and writes
them to the phase and to the index of plans. `enrich-dmps` asks the funders (NSF, NIH) which DOIs came out of each
plan's awards. `dmp-works-search` asks the works index for candidates of every plan, gathers the evidence, ranks, and
writes one line a plan. `merge-related-works` brings these into the DMP Tool's database for people to accept or reject.

The records are in `matching/records.py`; how a plan becomes a question, what counts as evidence and how it is weighed
are in `matching/`, which knows no engine. `export.py` reads the export, `search.py` runs the search.
"""

from dmpworks.chains.process_dmps.settings import (
    EnrichSettings,
    MergeSettings,
    PlanSettings,
    SearchSettings,
    UploadSettings,
)
from dmpworks.jobs.model import Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.settings.shared import BadRecords, DmpTool, Search


def sync_dmps(
    run: Run, plans: PlanSettings, upload: UploadSettings, tool: DmpTool, engine: Search, bad: BadRecords
) -> Counts:
    """Take over the plans, with what people have decided about their works."""
    from dmpworks.chains.process_dmps.sync import sync

    return sync(run, plans, upload, tool, engine, bad)


def enrich_dmps(run: Run, plans: PlanSettings, apis: EnrichSettings) -> Counts:
    """Ask the funders which DOIs came out of the plans' awards."""
    from dmpworks.chains.process_dmps.enrich.collect import enrich_plans

    return enrich_plans(run, plans.enrich_funders, apis)


def dmp_works_search(run: Run, plans: PlanSettings, searching: SearchSettings, engine: Search) -> Counts:
    """Search the works index for every plan."""
    from dmpworks.chains.process_dmps.search import search_plans

    return search_plans(run, engine, searching, plans.modified_since)


def merge_related_works(run: Run, tool: DmpTool, merging: MergeSettings) -> Counts:
    """Merge the works of the search into the DMP Tool's database."""
    from dmpworks.chains.process_dmps.merge import merge_matches

    return merge_matches(run, tool, merging)


CHAIN = Chain(
    "process-dmps",
    Job(sync_dmps, folders=("quarantine",)),
    Job(enrich_dmps),
    Job(dmp_works_search),
    Job(merge_related_works, attempts=1, repeatable=False, changes_services=True),
    after=("process-works",),  # searches the index that it fills, and reads no phase of it
)
