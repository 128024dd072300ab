/*
The full rows of this run's UPSERTs: what sync-works sends to the search index.
Why the hash comes from the changes: it is known there, and so it is not calculated a second time.
*/
MODEL (
  name works.export,
  kind VIEW
);

SELECT
  w.doi, c.hash, w.title, w.abstract_text, w.work_type, w.publication_date, w.updated_date, w.publication_venue, w.authors,
  w.institutions, w.funders, w.awards, w.relations, w.source
FROM works.index AS w
JOIN states.changes AS c ON c.doi = w.doi
WHERE c.state = 'UPSERT'
