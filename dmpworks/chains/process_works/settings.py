"""The settings of sqlmesh-transform; those named min_* and max_* become variables of the SQLMesh project."""

from typing import Annotated

from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, settings


@settings(prefix="PROCESS_WORKS_SQLMESH_TRANSFORM")
class SqlmeshTransform:
    """How the works index is built, and when its audits stop the run."""

    min_rows_ror: Annotated[int, "Stop when the ROR run has fewer rows.", DOES_NOT_AFFECT_OUTPUT] = 1
    min_rows_openalex_works: Annotated[
        int, "Stop when the OpenAlex run has fewer rows (such as last month's number).", DOES_NOT_AFFECT_OUTPUT
    ] = 1
    min_rows_crossref_metadata: Annotated[int, "Stop when the Crossref run has fewer rows.", DOES_NOT_AFFECT_OUTPUT] = 1
    min_rows_datacite: Annotated[int, "Stop when the DataCite run has fewer rows.", DOES_NOT_AFFECT_OUTPUT] = 1
    min_rows_data_citation_corpus: Annotated[
        int, "Stop when the Data Citation Corpus run has fewer rows.", DOES_NOT_AFFECT_OUTPUT
    ] = 1
    max_relation_degrees: Annotated[
        int, "Drop the relations of one type of a DOI that has more partners than this in one direction (a hub)."
    ] = 100
    max_nested_objects: Annotated[
        int, "Stop when a work has more list entries (20,000 is OpenSearch's own limit).", DOES_NOT_AFFECT_OUTPUT
    ] = 20_000
    max_doi_states: Annotated[int, "How many states to keep per DOI (the newest ones)."] = 3
    max_shrink: Annotated[
        float,
        "Stop when a dataset has lost a larger share of its rows since the last synced run.",
        DOES_NOT_AFFECT_OUTPUT,
    ] = 0.05
    export_all: Annotated[bool, "Export every work, changed or not, for a search index that was lost."] = False
    memory_limit: Annotated[
        str | None, "Memory for DuckDB, such as 200GB.", "60 % of the machine or container", DOES_NOT_AFFECT_OUTPUT
    ] = None
    threads: Annotated[int, "Threads for DuckDB; 0 = one per core.", DOES_NOT_AFFECT_OUTPUT] = 0


@settings(prefix="PROCESS_WORKS_SYNC_WORKS")
class SyncWorks:
    """When a sync stops before it changes the index."""

    max_removed_share: Annotated[
        float, "Stop when a larger share of the works in the index would be removed.", DOES_NOT_AFFECT_OUTPUT
    ] = 0.05
