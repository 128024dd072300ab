/*
The publication-dataset pairs of this run, as the chain `data-citation-corpus` wrote them.
Why: its audit detects an incomplete corpus, which would remove dataset citations from the index.
*/
MODEL (
  name sources.data_citation_corpus,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_data_citation_corpus))
);

SELECT publication_doi, dataset_doi
FROM inputs.data_citation_corpus
