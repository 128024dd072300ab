/*
Every award of every work of the index, one row each; `rank` orders the sources, the one that describes the work first.
Why: awards are the only part that is merged over sources: DataCite's with OpenAlex's, and those of all OpenAlex records
of a DOI with Crossref's. About 3 % of the true outputs are recognised only by an award of a source that does not
describe the work. Crossref adds nothing to a work of DataCite.
*/
MODEL (
  name awards.stated,
  kind VIEW
);

SELECT doi, 1 AS rank, UNNEST(awards) AS award
FROM datacite.records
UNION ALL
SELECT doi, 2 AS rank, UNNEST(awards) AS award
FROM openalex.records
UNION ALL
SELECT c.doi, 3 AS rank, UNNEST(c.awards) AS award
FROM crossref.records AS c
WHERE EXISTS (SELECT 1 FROM openalex.records AS o WHERE o.doi = c.doi)
  AND NOT EXISTS (SELECT 1 FROM datacite.records AS d WHERE d.doi = c.doi)
