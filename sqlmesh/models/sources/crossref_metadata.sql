/*
The Crossref records of this run, as the chain `crossref-metadata` wrote them.
Why: its audit detects an incomplete download, which would remove awards and abstracts from the index.
*/
MODEL (
  name sources.crossref_metadata,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_crossref_metadata))
);

SELECT doi, title, abstract_text, updated_date, funders, awards, relations
FROM inputs.crossref_metadata
