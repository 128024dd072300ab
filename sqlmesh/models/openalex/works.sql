/*
One row per DOI of OpenAlex.
Why: every later model joins by DOI. A DOI that only one work has is taken as it is; for the others see openalex.shared.
*/
MODEL (
  name openalex.works,
  kind VIEW
);

SELECT
  doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions,
  funders
FROM openalex.records AS o
WHERE NOT EXISTS (SELECT 1 FROM openalex.shared AS s WHERE s.doi = o.doi)
UNION ALL
SELECT
  doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions,
  funders
FROM openalex.shared
