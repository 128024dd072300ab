/*
The related DOIs of each DOI, one list per kind, sorted.
Why: this is the shape the index holds; sorting makes the lists, and with them the hash, independent of the order of
reading.
*/
MODEL (
  name relations.by_work,
  kind FULL,
  audits (unique_dois)
);

SELECT
  doi,
  LIST(STRUCT_PACK(doi := partner) ORDER BY partner) FILTER (WHERE kind = 'intra_work') AS intra_work_dois,
  LIST(STRUCT_PACK(doi := partner) ORDER BY partner) FILTER (WHERE kind = 'shared_project') AS possible_shared_project_dois,
  LIST(STRUCT_PACK(doi := partner) ORDER BY partner) FILTER (WHERE kind = 'dataset_citation') AS dataset_citation_dois
FROM relations.symmetric
GROUP BY doi
