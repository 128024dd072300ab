-- OpenSearch refuses a document with more nested objects than its limit; the run stops before a long sync does.
AUDIT (
  name nested_objects_at_most
);

SELECT
  doi,
  LEN(authors) + LEN(institutions) + LEN(funders) + LEN(awards) + LEN(relations.intra_work_dois)
  + LEN(relations.possible_shared_project_dois) + LEN(relations.dataset_citation_dois) AS nested_objects
FROM @this_model
WHERE
  LEN(authors) + LEN(institutions) + LEN(funders) + LEN(awards) + LEN(relations.intra_work_dois)
  + LEN(relations.possible_shared_project_dois) + LEN(relations.dataset_citation_dois) > @maximum
