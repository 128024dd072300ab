"""What the funders know: the DOIs that they themselves list for a plan's awards.

One module a funder (`nsf.py`, `nih.py`); `titles.py` finds a DOI by title, `pubmed.py` by PubMed id. `asking.py` asks
for every award once and brings the answers to the plans.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from dmpworks.jobs.model import Counts
    from dmpworks.jobs.run import Run
    from dmpworks.matching.records import Plan
    from dmpworks.services.http import Http


@dataclass(frozen=True)
class Addresses:
    """Where the APIs are, and whom they may write to."""

    nsf_url: str = "https://www.research.gov/awardapi-service/v1/awards.json"
    nih_reporter_api_url: str = "https://api.reporter.nih.gov"
    nih_reporter_url: str = "https://reporter.nih.gov"
    pubmed_converter_url: str = "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/"
    crossref_url: str = "https://api.crossref.org"
    datacite_url: str = "https://api.datacite.org"
    contact_email: str | None = None


FUNDERS = ("nsf", "nih")
CACHE = "process-dmps/cache/enrich"  # beside the runs: answers serve later runs as well


def enrich_plans(run: "Run", funders: "Collection[str] | None" = None, addresses: Addresses = Addresses()) -> "Counts":
    """Write the plans of `sync-dmps` with their funded DOIs.

    Funders: names out of `FUNDERS`, or "none"; None asks all of them, but nobody with a folder as bucket.
    """
    from dmpworks.chains.process_dmps.plans import read_plans, write_plans
    from dmpworks.services.http import AnswerCache, Http

    if funders is None:
        funders = () if run.bucket.is_folder else FUNDERS
    funders = [funder for funder in funders if funder != "none"]
    plans = list(read_plans(run.earlier("sync-dmps")))
    http = Http(addresses.contact_email, AnswerCache(run.bucket, CACHE))
    try:
        enriched, counts = enrich(plans, funders, http, addresses)
    finally:
        http.close()
    write_plans(run, enriched)
    return counts


def enrich(
    plans: "Iterable[Plan]", funders: "Collection[str]", http: "Http", addresses: Addresses = Addresses()
) -> "tuple[list[Plan], Counts]":
    """Add to each plan the DOIs that its funders list for its awards.

    Every award is asked for. If some could not be answered, raises JobError (or TemporaryError when another attempt may
    do) that names them; the answers to the others lie in the cache of `http` by then, so another run asks for the rest.
    """
    from dmpworks.chains.process_dmps.enrich.asking import ask_for_all

    return ask_for_all(list(plans), funders, http, addresses)
