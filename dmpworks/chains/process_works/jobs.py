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

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.settings.shared import (
    CrossrefMetadataInput,
    DataCitationCorpusInput,
    DataciteInput,
    OpenalexWorksInput,
    RorInput,
    Search,
)


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
