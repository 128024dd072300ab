/*
The newest record of each DOI that DataCite's files repeat.
Why: monthly files repeat a DOI in an older state. Few DOIs are repeated: only those are sorted, and all other records
pass by. Where equally new records differ, their content decides, so that the result does not depend on the order in
which files are read.
*/
MODEL (
  name datacite.repeated,
  kind FULL,
  audits (unique_dois)
);

WITH repeated_dois AS (
  SELECT doi FROM sources.datacite GROUP BY doi HAVING COUNT(*) > 1
)
SELECT
  doi, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions, funders,
  awards, relations
FROM sources.datacite AS s
WHERE EXISTS (SELECT 1 FROM repeated_dois AS r WHERE r.doi = s.doi)
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY doi
  ORDER BY updated_date DESC NULLS LAST, title, abstract_text, work_type, publication_date, publication_venue, authors,
    institutions, funders, awards, relations
) = 1
