/*
The DataCite records of this run, as the chain `datacite` wrote them: older records of a DOI are still included.
Why: its audit detects an incomplete download, which would delete works from the index.
*/
MODEL (
  name sources.datacite,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_datacite))
);

SELECT
  doi, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions, funders,
  awards, relations
FROM inputs.datacite
