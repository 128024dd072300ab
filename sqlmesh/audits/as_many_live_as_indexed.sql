-- The number of live DOIs in the states must equal the number of works in the index.
AUDIT (
  name as_many_live_as_indexed
);

SELECT live, indexed
FROM @this_model
WHERE live <> indexed
