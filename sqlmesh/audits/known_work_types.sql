-- A work type that works.types does not list may be unknown to search and the DMP Tool too. Warns only.
AUDIT (
  name known_work_types,
  blocking FALSE
);

SELECT work_type, COUNT(*) AS works
FROM @this_model
WHERE NOT work_type IN (SELECT work_type FROM works.types)
GROUP BY work_type
