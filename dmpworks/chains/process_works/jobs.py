"""START HERE: the works index, one row per work, and the search index that is kept equal to it.

`sqlmesh-transform` reads the Parquet files of the dataset chains and builds one row per DOI. The rules are the SQL
models in the folder `sqlmesh/`, one model per step, each with a header that says what it does and why;
`sqlmesh_project.py` runs them on a new DuckDB file every time. Each row has a hash of everything that people see. The
hashes are compared with the states after the last sync (`sync_state.py`): a new or changed work is an UPSERT, a missing
one a DELETE. The job writes:

- `process-works/<run id>/export/`: the full rows of the UPSERTs;
- `process-works/<run id>/states/`: `changes`, the states that this run adds, and `kept`, the earlier ones that remain.

`sync-works` (`sync.py`) sends the export (`documents.py` turns a row into a document), removes the deleted works, and
compares the number of documents with the states. Its manifest lists the states that it applied, and the next run
compares with those; so whatever a failed sync did not send, or sent in part, is in the next export.
"""

from dmpworks.chains.process_works.settings import SqlmeshTransform, SyncWorks
from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job, Reads
from dmpworks.jobs.run import Run
from dmpworks.settings.shared import Search


def sqlmesh_transform(run: Run, options: SqlmeshTransform) -> Counts:
    """Build the works index from all datasets and export what has changed since the last sync."""
    from dmpworks.chains.process_works.transform import transform

    return transform(run, options)


def sync_works(run: Run, options: SyncWorks, search: Search) -> Counts:
    """Send new and changed works to the search engine and remove those that are gone."""
    from dmpworks.chains.process_works.sync import sync
    from dmpworks.services.search import open_engine

    engine = open_engine(search, run.bucket, run.region)
    try:
        return sync(run, engine, search.opensearch_works_index, options.max_removed_share)
    finally:
        engine.close()


def generated_files() -> dict[str, str]:
    """Return the files of the checkout that are generated from the row types, path to text."""
    from dmpworks.chains.process_works.schema import external_models

    return {"sqlmesh/external_models.yaml": external_models(reads.chain for reads in DATASETS)}


DATASETS = (
    Reads("ror"),
    Reads("openalex-works"),
    Reads("crossref-metadata"),
    Reads("datacite"),
    Reads("data-citation-corpus"),
)
CHAIN = Chain(
    "process-works",
    Job(sqlmesh_transform, size=LARGE, reads=DATASETS, folders=("export", "states")),
    Job(sync_works, size=SMALL, changes_services=True, folders=("states",)),  # lists the states that it applied
    generated_files=generated_files,
)
