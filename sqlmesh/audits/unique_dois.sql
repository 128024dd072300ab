-- One row per DOI and none without a DOI: every later model joins on it.
AUDIT (
  name unique_dois
);

SELECT doi, COUNT(*) AS "rows"
FROM @this_model
GROUP BY doi
HAVING COUNT(*) > 1 OR doi IS NULL
