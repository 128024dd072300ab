/*
One row per OpenAlex work (not yet per DOI): its newest version, with the number of its identifiers.
Why: the number of identifiers (mag, pmid, pmcid, distinct ORCIDs, award ids, funder ids, RORs) decides later which of
several works of one DOI is the primary record.
*/
MODEL (
  name openalex.records,
  kind VIEW
);

WITH newest AS (
  SELECT
    doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, mag, pmid, pmcid,
    funder_ids, authors, institutions, funders, awards
  FROM sources.openalex_works AS s
  WHERE NOT EXISTS (SELECT 1 FROM openalex.repeated AS r WHERE r.work = COALESCE(s.openalex_id, s.doi))
  UNION ALL
  SELECT
    doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, mag, pmid, pmcid,
    funder_ids, authors, institutions, funders, awards
  FROM openalex.repeated
)
SELECT
  doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, authors, institutions,
  funders, awards,
  CAST(
    CASE WHEN mag IS NULL THEN 0 ELSE 1 END + CASE WHEN pmid IS NULL THEN 0 ELSE 1 END
    + CASE WHEN pmcid IS NULL THEN 0 ELSE 1 END
    + COALESCE(LIST_UNIQUE(LIST_TRANSFORM(authors, a -> a.orcid)), 0)
    + COALESCE(LIST_UNIQUE(LIST_TRANSFORM(awards, a -> a.award_id)), 0)
    + COALESCE(LIST_UNIQUE(funder_ids), 0)
    + COALESCE(LIST_UNIQUE(LIST_TRANSFORM(LIST_FILTER(institutions, i -> i.id_type = 'ror'), i -> i.id)), 0) AS INT
  ) AS identifiers
FROM newest
