/*
One row per DOI that several OpenAlex works have: the primary record (most identifiers, ties by OpenAlex id) with the
longest title and abstract and the newest dates of all records of the DOI.
Why: about one in forty works shares its DOI with another; each has something that the others lack. Only these are
compared with one another.
*/
MODEL (
  name openalex.shared,
  kind FULL,
  audits (unique_dois)
);

WITH shared_dois AS (
  SELECT doi FROM openalex.records GROUP BY doi HAVING COUNT(*) > 1
), records AS (
  SELECT
    doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions,
    funders, identifiers
  FROM openalex.records AS o
  WHERE EXISTS (SELECT 1 FROM shared_dois AS s WHERE s.doi = o.doi)
)
SELECT
  doi,
  openalex_id,
  FIRST_VALUE(title) OVER (
    PARTITION BY doi ORDER BY LENGTH(title) DESC NULLS LAST, identifiers DESC, openalex_id
  ) AS title,
  FIRST_VALUE(abstract_text) OVER (
    PARTITION BY doi ORDER BY LENGTH(abstract_text) DESC NULLS LAST, identifiers DESC, openalex_id
  ) AS abstract_text,
  work_type,
  MAX(publication_date) OVER (PARTITION BY doi) AS publication_date,
  MAX(updated_date) OVER (PARTITION BY doi) AS updated_date,
  publication_venue,
  authors,
  institutions,
  funders
FROM records
QUALIFY ROW_NUMBER() OVER (PARTITION BY doi ORDER BY identifiers DESC, openalex_id) = 1
