"""The counts in the manifest of sqlmesh-transform; each is the result of one query on the finished index."""

import duckdb

from dmpworks.jobs.model import Counts

FIGURES = {
    "DOIs live": "SELECT live FROM states.live",
    "deleted": "SELECT COUNT(*) FROM states.changes WHERE state = 'DELETE'",
    "from DataCite": "SELECT COUNT(*) FROM works.hashes WHERE source_name = 'DataCite'",
    "from OpenAlex": "SELECT COUNT(*) FROM works.hashes WHERE source_name = 'OpenAlex'",
    "in both": "SELECT COUNT(*) FROM datacite.records AS d JOIN openalex.works AS o ON o.doi = d.doi",
    "only in Crossref, left out": (
        "SELECT COUNT(*) FROM crossref.records AS c ANTI JOIN works.hashes AS w ON w.doi = c.doi"
    ),
    "DataCite records of type OutputManagementPlan": (
        "SELECT COUNT(*) FROM sources.datacite WHERE work_type = 'OutputManagementPlan'"
    ),
    "citations that repeat a pair": (
        "SELECT COUNT(*) - COUNT(DISTINCT (publication_doi, dataset_doi)) FROM sources.data_citation_corpus "
        "WHERE publication_doi <> dataset_doi"
    ),
    "citations of itself": "SELECT COUNT(*) FROM sources.data_citation_corpus WHERE publication_doi = dataset_doi",
}
for name, table in (
    ("OpenAlex", "sources.openalex_works"),
    ("Crossref", "sources.crossref_metadata"),
    ("DataCite", "sources.datacite"),
):
    FIGURES[f"{name} DOIs"] = f"SELECT COUNT(DISTINCT doi) FROM {table}"
    FIGURES[f"{name} records that repeat a DOI"] = f"SELECT COUNT(*) - COUNT(DISTINCT doi) FROM {table}"
for kind, name in (
    ("intra_work", "intra-work pairs"),
    ("shared_project", "shared-project pairs"),
    ("dataset_citation", "dataset-citation pairs"),
):
    for what, table in (("stated", "relations.stated"), ("left without hubs", "relations.symmetric")):
        FIGURES[f"{name}, {what}"] = (
            f"SELECT COUNT(DISTINCT (LEAST(doi, partner), GREATEST(doi, partner))) FROM {table} WHERE kind = '{kind}'"
        )


def count(connection: duckdb.DuckDBPyConnection) -> Counts:
    """Return the counts of a works index: `read` are its works, `written` the exported ones."""
    works = _figure(connection, "SELECT COUNT(*) FROM works.hashes")
    upserts = _figure(connection, "SELECT COUNT(*) FROM states.changes WHERE state = 'UPSERT'")
    figures = {name: _figure(connection, query) for name, query in FIGURES.items()}
    return Counts(read=works, written=upserts, dropped={"unchanged": works - upserts}, also=figures)


def _figure(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None  # an aggregate without GROUP BY returns one row
    return int(row[0])
