/*
The record deposited last of each DOI that Crossref's files repeat.
Why: a DOI may occur in several files. Few DOIs are repeated: only those are sorted, and all other records pass by.
Where equally new records differ, their content decides, so that the result does not depend on the order in which files
are read.
*/
MODEL (
  name crossref.repeated,
  kind FULL,
  audits (unique_dois)
);

WITH repeated_dois AS (
  SELECT doi FROM sources.crossref_metadata GROUP BY doi HAVING COUNT(*) > 1
)
SELECT doi, title, abstract_text, updated_date, funders, awards, relations
FROM sources.crossref_metadata AS s
WHERE EXISTS (SELECT 1 FROM repeated_dois AS r WHERE r.doi = s.doi)
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY doi
  ORDER BY updated_date DESC NULLS LAST, title, abstract_text, funders, awards, relations
) = 1
