-- A source that is shorter than it should be was cut off; built from it, the index would lose works.
AUDIT (
  name rows_at_least
);

SELECT COUNT(*) AS "rows", @minimum AS minimum
FROM @this_model
HAVING COUNT(*) < @minimum
