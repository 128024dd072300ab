"""The settings of process-dmps: `jobs.py` declares which job has which."""

from typing import Annotated, Literal

from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, Upload, settings


@settings(prefix="PROCESS_DMPS")
class PlanSettings:
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


UPLOAD = Upload("plans", "dmps", lambda values: values.of(PlanSettings).plans_from == "upload")


@settings(prefix="", owns=["DMPS_"])
class UploadSettings:
    """Which uploaded plans are read."""

    dmps_run_id: Annotated[str, "Upload of plans to read (YYYY-MM-DD): dmps/<id>/download/.", UPLOAD]


@settings(prefix="PROCESS_DMPS_ENRICH_DMPS")
class EnrichSettings:
    """Where the funders' APIs are, and whom they may write to."""

    nsf_url: Annotated[str, "NSF's award API."] = "https://www.research.gov/awardapi-service/v1/awards.json"
    nih_reporter_api_url: Annotated[str, "NIH RePORTER's API."] = "https://api.reporter.nih.gov"
    nih_reporter_url: Annotated[str, "NIH RePORTER's site, for publications."] = "https://reporter.nih.gov"
    pubmed_converter_url: Annotated[str, "From PubMed ids to DOIs."] = (
        "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/"
    )
    crossref_url: Annotated[str, "Crossref's API, for publications without a DOI."] = "https://api.crossref.org"
    datacite_url: Annotated[str, "DataCite's API, for what Crossref does not know."] = "https://api.datacite.org"
    contact_email: Annotated[
        str | None, "Address that the APIs may write to about our requests.", DOES_NOT_AFFECT_OUTPUT
    ] = None


@settings(prefix="PROCESS_DMPS_DMP_WORKS_SEARCH")
class SearchSettings:
    """How works are searched."""

    results: Annotated[int, "Works kept per plan."] = 100
    candidates: Annotated[int, "Works asked of the search engine per plan, before our own ranking."] = 1000
    workers: Annotated[int, "Processes; 0 = one per core.", DOES_NOT_AFFECT_OUTPUT] = 0


@settings(prefix="PROCESS_DMPS_MERGE_RELATED_WORKS")
class MergeSettings:
    """What a merge may do to links."""

    max_pending_removed: Annotated[
        float,
        "Share of the PENDING links of its plans that a merge may remove; 100 links may always be removed.",
        DOES_NOT_AFFECT_OUTPUT,
    ] = 0.25
