"""START HERE: plans in, related works out.

The chain runs daily. `sync-dmps` takes the plans (the export that was uploaded under `dmps/<DMPS_RUN_ID>/download/`, or
the DMP Tool's database), leaves out what is no usable plan, adds what people have accepted and rejected, and writes
them to the phase and to the index of plans. `enrich-dmps` asks the funders (NSF, NIH) which DOIs came out of each
plan's awards. `dmp-works-search` asks the works index for candidates of every plan, gathers the evidence, ranks, and
writes one line a plan. `merge-related-works` brings these into the DMP Tool's database for people to accept or reject.

The records are in `matching/records.py`; how a plan becomes a question, what counts as evidence and how it is weighed
are in `matching/`, which knows no engine. `plans.py` reads the export, `search.py` runs the search.
"""

from dataclasses import asdict
from typing import Annotated, Literal

from dmpworks.chains.process_dmps.enrich.addresses import Addresses
from dmpworks.jobs.model import Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import NOT_IN_OUTPUT, settings
from dmpworks.settings.shared import BadRecords, DmpsInput, DmpTool, Search


@settings(prefix="PROCESS_DMPS")
class Plans:
    """Which plans are processed."""

    use_subset: Annotated[bool, "Only plans of meta/dmp_dois.json and meta/dmp_institutions.json."] = False
    plans_from: Annotated[Literal["upload", "database"], "Where plans come from."] = "upload"
    enrich_funders: Annotated[
        tuple[str, ...] | None,
        "Funders to ask for outputs of the plans' awards: nsf, nih; none = nobody.",
        "nsf,nih; none with a folder as bucket",
    ] = None
    modified_since: Annotated[
        str | None, "Only plans modified on or after this day (YYYY-MM-DD) are searched.", "all plans"
    ] = None


@settings(prefix="PROCESS_DMPS_ENRICH_DMPS")
class Asking:
    """Where the funders' APIs are."""

    nsf_url: Annotated[str, "NSF's award API."] = Addresses.nsf_url
    nih_reporter_api_url: Annotated[str, "NIH RePORTER's API."] = Addresses.nih_reporter_api_url
    nih_reporter_url: Annotated[str, "NIH RePORTER's site, for publications."] = Addresses.nih_reporter_url
    pubmed_converter_url: Annotated[str, "From PubMed ids to DOIs."] = Addresses.pubmed_converter_url
    crossref_url: Annotated[str, "Crossref's API, for publications without a DOI."] = Addresses.crossref_url
    datacite_url: Annotated[str, "DataCite's API, for what Crossref does not know."] = Addresses.datacite_url
    contact_email: Annotated[str | None, "Whom the APIs may write to about our requests.", NOT_IN_OUTPUT] = (
        Addresses.contact_email
    )


@settings(prefix="PROCESS_DMPS_DMP_WORKS_SEARCH")
class Searching:
    """How works are searched."""

    results: Annotated[int, "Works kept per plan."] = 100
    candidates: Annotated[int, "Works asked of the search engine per plan, before our own ranking."] = 1000
    workers: Annotated[int, "Processes; 0 = one per core.", NOT_IN_OUTPUT] = 0


def sync_dmps(run: Run, plans: Plans, upload: DmpsInput, tool: DmpTool, engine: Search, bad: BadRecords) -> Counts:
    """Take over the plans, with what people have decided about their works."""
    from dmpworks.chains.process_dmps.sync import Source, sync

    source = Source(upload.dmps_run_id if plans.plans_from == "upload" else None, bad.max_bad_records)
    return sync(run, source, plans.use_subset, tool, engine)


def enrich_dmps(run: Run, plans: Plans, asking: Asking) -> Counts:
    """Ask the funders which DOIs came out of the plans' awards."""
    from dmpworks.chains.process_dmps.enrich.collect import enrich_plans

    return enrich_plans(run, plans.enrich_funders, Addresses(**asdict(asking)))


def dmp_works_search(run: Run, plans: Plans, searching: Searching, engine: Search) -> Counts:
    """Search the works index for every plan."""
    from dmpworks.chains.process_dmps.search import Limits, search_plans

    limits = Limits(candidates=searching.candidates, results=searching.results)
    return search_plans(run, engine, limits, searching.workers, plans.modified_since)


def merge_related_works(run: Run, tool: DmpTool) -> Counts:
    """Bring the works that were found into the DMP Tool's database."""
    from dmpworks.chains.process_dmps.merge import merge_matches

    return merge_matches(run, tool)


CHAIN = Chain(
    "process-dmps",
    Job(sync_dmps),
    Job(enrich_dmps),
    Job(dmp_works_search),
    Job(merge_related_works, attempts=1, repeatable=False),
)
