-- The states must say that exactly the works of the index are live.
AUDIT (
  name as_many_live_as_indexed
);

SELECT live, indexed
FROM @this_model
WHERE live <> indexed
