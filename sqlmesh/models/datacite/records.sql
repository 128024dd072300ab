/*
One DataCite record per DOI: the newest.
Why: monthly files repeat a DOI in an older state. Where equally new records differ, their content decides, so that
the result does not depend on the order in which files are read.
*/
MODEL (
  name datacite.records,
  kind FULL,
  audits (unique_dois)
);

SELECT
  doi, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions, funders,
  awards, relations
FROM sources.datacite
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY doi
  ORDER BY updated_date DESC NULLS LAST, title, abstract_text, work_type, publication_date, publication_venue, authors,
    institutions, funders, awards, relations
) = 1
