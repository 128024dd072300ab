/*
One Crossref record per DOI: the one deposited last.
Why: a DOI may occur in several files. Where equally new records differ, their content decides, so that the result does
not depend on the order in which files are read.
*/
MODEL (
  name crossref.records,
  kind FULL,
  audits (unique_dois)
);

SELECT doi, title, abstract_text, updated_date, funders, awards, relations
FROM sources.crossref_metadata
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY doi
  ORDER BY updated_date DESC NULLS LAST, title, abstract_text, funders, awards, relations
) = 1
