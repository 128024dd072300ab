-- A source with too few rows is incomplete; an index built from it would lose works.
AUDIT (
  name rows_at_least
);

SELECT COUNT(*) AS "rows", @minimum AS minimum
FROM @this_model
HAVING COUNT(*) < @minimum
