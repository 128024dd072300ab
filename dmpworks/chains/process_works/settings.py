"""The settings of sqlmesh-transform: what its job declares, and what the SQLMesh project is configured with."""

from typing import Annotated

from dmpworks.settings.declare import NOT_IN_OUTPUT, settings


@settings(prefix="PROCESS_WORKS_SQLMESH_TRANSFORM")
class SqlmeshTransform:
    """How the works index is built, and when its audits stop the run."""

    min_rows_ror: Annotated[int, "Stop when the ROR run has fewer rows.", NOT_IN_OUTPUT] = 1
    min_rows_openalex_works: Annotated[
        int, "Stop when the OpenAlex run has fewer rows (a month ago's, say).", NOT_IN_OUTPUT
    ] = 1
    min_rows_crossref_metadata: Annotated[int, "Stop when the Crossref run has fewer rows.", NOT_IN_OUTPUT] = 1
    min_rows_datacite: Annotated[int, "Stop when the DataCite run has fewer rows.", NOT_IN_OUTPUT] = 1
    min_rows_data_citation_corpus: Annotated[
        int, "Stop when the Data Citation Corpus run has fewer rows.", NOT_IN_OUTPUT
    ] = 1
    max_relation_degrees: Annotated[int, "Partners of one type and direction beyond which a DOI is a hub."] = 100
    max_nested_objects: Annotated[
        int, "Stop when a work has more list entries: OpenSearch's own limit.", NOT_IN_OUTPUT
    ] = 20_000
    max_doi_states: Annotated[int, "States kept per DOI, the newest."] = 3
    export_all: Annotated[bool, "Export every work, changed or not: after the search engine lost its index."] = False
    memory_limit: Annotated[str | None, "DuckDB's memory, such as 200GB.", "80 % of the machine's", NOT_IN_OUTPUT] = (
        None
    )
    threads: Annotated[int, "DuckDB's threads; 0 = one per core.", NOT_IN_OUTPUT] = 0
