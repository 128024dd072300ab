/*
One DataCite record per DOI: the newest.
Why: every later model joins by DOI. A DOI that the files do not repeat is taken as it is.
*/
MODEL (
  name datacite.records,
  kind VIEW
);

SELECT
  doi, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions, funders,
  awards, relations
FROM sources.datacite AS s
WHERE NOT EXISTS (SELECT 1 FROM datacite.repeated AS r WHERE r.doi = s.doi)
UNION ALL
SELECT
  doi, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions, funders,
  awards, relations
FROM datacite.repeated
