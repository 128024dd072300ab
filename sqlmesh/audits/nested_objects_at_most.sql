-- OpenSearch refuses a document with more nested objects than its limit; the run stops before a long sync does.
AUDIT (
  name nested_objects_at_most
);

SELECT doi, nested_objects
FROM @this_model
WHERE nested_objects > @maximum
