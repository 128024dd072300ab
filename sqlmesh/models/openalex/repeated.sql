/*
The newest version of each OpenAlex work that the files repeat; `work` identifies it.
Why: a work that changes moves to a newer partition and may occur twice. Few works do: only those are sorted, and all
others pass by. Where equally new versions differ, their content decides. A work without an OpenAlex id is identified by
its DOI.
*/
MODEL (
  name openalex.repeated,
  kind FULL
);

WITH repeated_works AS (
  SELECT COALESCE(openalex_id, doi) AS work
  FROM sources.openalex_works
  GROUP BY COALESCE(openalex_id, doi)
  HAVING COUNT(*) > 1
)
SELECT
  COALESCE(openalex_id, doi) AS work,
  doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, mag, pmid, pmcid,
  funder_ids, authors, institutions, funders, awards
FROM sources.openalex_works AS s
WHERE EXISTS (SELECT 1 FROM repeated_works AS r WHERE r.work = COALESCE(s.openalex_id, s.doi))
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY COALESCE(openalex_id, doi)
  ORDER BY updated_date DESC NULLS LAST, doi, title, abstract_text, work_type, publication_date, publication_venue, mag,
    pmid, pmcid, funder_ids, authors, institutions, funders, awards
) = 1
