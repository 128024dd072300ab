/*
Every award that counts for a work of the index, one row each; `rank` is the source's: the winner's own first.
Why: awards are the one part that is joined over sources: OpenAlex adds to DataCite, Crossref and all OpenAlex records
of a DOI to OpenAlex. About 3 % of the true outputs can be told only by the award of the source that does not win.
Crossref adds nothing to a work of DataCite, as nowhere else.
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
JOIN works.chosen AS w ON w.doi = c.doi AND w.source_name = 'OpenAlex'
