/*
The hash of each work of the index, with what the audits and the counts need: all of the index that is stored.
Why: states are compared by hash, and the full rows are written only once, to the export, and only those that changed.
*/
MODEL (
  name works.hashes,
  kind FULL,
  audits (unique_dois, known_work_types, no_empty_strings, nested_objects_at_most(maximum := @max_nested_objects))
);

SELECT
  doi,
  hash,
  source.name AS source_name,
  work_type,
  LEN(authors) + LEN(institutions) + LEN(funders) + LEN(awards) + LEN(relations.intra_work_dois)
  + LEN(relations.possible_shared_project_dois) + LEN(relations.dataset_citation_dois) AS nested_objects,
  COALESCE(doi = '' OR title = '' OR abstract_text = '' OR work_type = '' OR publication_venue = '', FALSE)
  OR LEN(LIST_FILTER(authors, a -> a.orcid = '' OR a.first_initial = '' OR a.given_name = '' OR a.middle_initials = ''
    OR a.middle_names = '' OR a.surname = '' OR a."full" = '')) > 0
  OR LEN(LIST_FILTER(institutions, i -> i.name = '' OR i.ror = '')) > 0
  OR LEN(LIST_FILTER(funders, f -> f.name = '' OR f.ror = '')) > 0
  OR LEN(LIST_FILTER(awards, a -> a.award_id = '' OR a.funder_name = '' OR a.funder_ror = '')) > 0 AS has_empty_string
FROM works.index
