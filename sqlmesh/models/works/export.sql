/*
The full rows of this run's UPSERTs: what sync-works sends to the search index.
*/
MODEL (
  name works.export,
  kind VIEW
);

SELECT
  w.doi, w.hash, w.title, w.abstract_text, w.work_type, w.publication_date, w.updated_date, w.publication_venue, w.authors,
  w.institutions, w.funders, w.awards, w.relations, w.source
FROM works.index AS w
JOIN states.changes AS c ON c.doi = w.doi
WHERE c.state = 'UPSERT'
