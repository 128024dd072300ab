/*
The OpenAlex works of this run, as the chain `openalex-works` wrote them: repeated DOIs and repeated works are still
included.
Why: its audit detects an incomplete download, which would delete works from the index.
*/
MODEL (
  name sources.openalex_works,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_openalex_works))
);

SELECT
  doi, openalex_id, title, abstract_text, work_type, publication_date, updated_date, publication_venue, mag, pmid, pmcid,
  funder_ids, authors, institutions, funders, awards
FROM inputs.openalex_works
