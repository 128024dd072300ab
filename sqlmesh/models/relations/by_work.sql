/*
The related DOIs of each DOI, one list per kind, sorted.
Why: the index has lists; they are sorted so that the hash does not depend on the order in which files are read.
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
