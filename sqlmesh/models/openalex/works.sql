/*
One row per DOI: the primary OpenAlex record (most identifiers, ties by OpenAlex id) with the longest title and
abstract and the newest dates of all records of the DOI.
Why: about one in forty works shares its DOI with another; each has something that the others lack.
*/
MODEL (
  name openalex.works,
  kind FULL,
  audits (unique_dois)
);

WITH merged AS (
  SELECT
    doi,
    FIRST(title ORDER BY LENGTH(title) DESC NULLS LAST, identifiers DESC, openalex_id) AS title,
    FIRST(abstract_text ORDER BY LENGTH(abstract_text) DESC NULLS LAST, identifiers DESC, openalex_id) AS abstract_text,
    MAX(publication_date) AS publication_date,
    MAX(updated_date) AS updated_date
  FROM openalex.records
  GROUP BY doi
), primary_records AS (
  SELECT doi, openalex_id, work_type, publication_venue, authors, institutions, funders
  FROM openalex.records
  QUALIFY ROW_NUMBER() OVER (PARTITION BY doi ORDER BY identifiers DESC, openalex_id) = 1
)
SELECT
  p.doi,
  p.openalex_id,
  CAST(m.title AS TEXT) AS title,
  CAST(m.abstract_text AS TEXT) AS abstract_text,
  p.work_type,
  m.publication_date,
  m.updated_date,
  p.publication_venue,
  p.authors,
  p.institutions,
  p.funders
FROM primary_records AS p
JOIN merged AS m ON p.doi = m.doi
