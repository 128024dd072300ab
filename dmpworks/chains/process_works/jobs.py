"""START HERE: the works index: one row per work, and the search engine kept in step with it.

`sqlmesh-transform` reads the Parquet files of the five dataset chains and builds one row per DOI. How, stands in the
SQL of the folder `sqlmesh/` (one model a step, each with a header that says what and why); `index.py` runs it on a
fresh DuckDB file every time. Each row has a hash of all that people see. Compared with the states the engine was last
synced to (`synced.py`), it says which works are new or changed (UPSERT) and which are gone (DELETE), and writes:

- `process-works/<run id>/export/`: the whole rows of the UPSERTs;
- `process-works/<run id>/states/`: `changes`, this run's states, and `kept`, the earlier ones that stay.

`sync-works` (`sync.py`) sends the export (`documents.py` turns a row into a document), removes what is gone, and
compares the engine's count with the states. Its manifest lists the states it brought about: that is what makes them the
ones to compare with. What a failed sync did not do, or did in part, the next run makes up for.

Start-up is most of a small run: of the 7 s that 3,000 works take on two cores, 1.6 go to importing SQLMesh, 1.3 to
loading the project, 3.2 to planning and running its 25 models.
"""

from typing import Annotated

from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.jobs.settings import NOT_IN_OUTPUT, settings
from dmpworks.jobs.shared_settings import (
    CrossrefMetadataInput,
    DataCitationCorpusInput,
    DataciteInput,
    OpenalexWorksInput,
    RorInput,
    Search,
)


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


def sqlmesh_transform(
    run: Run,
    ror: RorInput,
    openalex: OpenalexWorksInput,
    crossref: CrossrefMetadataInput,
    datacite: DataciteInput,
    corpus: DataCitationCorpusInput,
    options: SqlmeshTransform,
) -> Counts:
    """Build the works index from all datasets and export what has changed since the last sync."""
    from dmpworks.chains.process_works.transform import transform

    run_ids = {
        "ror": ror.ror_run_id,
        "openalex-works": openalex.openalex_works_run_id,
        "crossref-metadata": crossref.crossref_metadata_run_id,
        "datacite": datacite.datacite_run_id,
        "data-citation-corpus": corpus.data_citation_corpus_run_id,
    }
    return transform(run, run_ids, options)


def sync_works(run: Run, search: Search) -> Counts:
    """Send new and changed works to the search engine and remove those that are gone."""
    from dmpworks.chains.process_works.sync import sync
    from dmpworks.services.search import open_engine

    engine = open_engine(search, run.bucket, run.region)
    try:
        return sync(run, engine, search.opensearch_works_index)
    finally:
        engine.close()


CHAIN = Chain("process-works", Job(sqlmesh_transform, size=LARGE), Job(sync_works, size=SMALL))
