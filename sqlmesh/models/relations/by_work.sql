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
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(partner) FILTER (WHERE kind = 'intra_work')), p -> STRUCT_PACK(doi := p)
  ) AS STRUCT(doi TEXT)[]) AS intra_work_dois,
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(partner) FILTER (WHERE kind = 'shared_project')), p -> STRUCT_PACK(doi := p)
  ) AS STRUCT(doi TEXT)[]) AS possible_shared_project_dois,
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(partner) FILTER (WHERE kind = 'dataset_citation')), p -> STRUCT_PACK(doi := p)
  ) AS STRUCT(doi TEXT)[]) AS dataset_citation_dois
FROM relations.symmetric
GROUP BY doi
