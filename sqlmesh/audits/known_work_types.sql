-- A work type we have not met: search and the DMP Tool may not know it either. It warns and lets the run go on.
AUDIT (
  name known_work_types,
  blocking FALSE
);

SELECT work_type, COUNT(*) AS works
FROM @this_model
WHERE NOT work_type IN (SELECT work_type FROM works.types)
GROUP BY work_type
