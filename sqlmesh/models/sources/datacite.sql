/*
The DataCite records of this run, as the chain `datacite` wrote them: older records of a DOI are still in.
Why: the one place where a download cut short is noticed; without it half of the index would be deleted.
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
