/*
What this run changes: UPSERT for works that are new, have another hash, or were deleted and have returned; DELETE for
works that are no longer present.
Why: the cost of a run follows what changed. A DOI that an unfinished sync may have changed (`inputs.unsynced`) may be
in the search index in any state, so it is sent again whatever its hash; `export_all` does so for every DOI, for an
index that was lost. New states are later than every earlier one, whatever the clock of this machine says.
*/
MODEL (
  name states.changes,
  kind FULL,
  audits (unique_dois)
);

WITH earlier AS (
  SELECT updated_date FROM inputs.states
  UNION ALL
  SELECT updated_date FROM inputs.unsynced
), clock AS (
  SELECT GREATEST(CAST(@run_time AS TIMESTAMPTZ), MAX(updated_date) + INTERVAL '1' MICROSECOND) AS now
  FROM earlier
), uncertain AS (
  SELECT doi, CAST(ARG_MAX(hash, updated_date) AS TEXT) AS hash
  FROM inputs.unsynced
  WHERE updated_date > COALESCE((SELECT MAX(updated_date) FROM inputs.states), CAST('-infinity' AS TIMESTAMPTZ))
  GROUP BY doi
), compared AS (
  SELECT
    COALESCE(w.doi, l.doi, u.doi) AS doi,
    COALESCE(w.hash, l.hash, u.hash) AS hash,
    CASE WHEN w.doi IS NULL THEN 'DELETE' ELSE 'UPSERT' END AS state,
    l.state AS last_state,
    l.hash AS last_hash,
    @export_all OR NOT u.doi IS NULL AS again
  FROM works.hashes AS w
  FULL JOIN states.last AS l ON l.doi = w.doi
  FULL JOIN uncertain AS u ON u.doi = COALESCE(w.doi, l.doi)
)
SELECT
  c.doi,
  c.hash,
  c.state,
  k.now AS updated_date
FROM compared AS c
CROSS JOIN clock AS k
WHERE c.again
  OR COALESCE(c.last_state, 'DELETE') <> c.state
  OR (c.state = 'UPSERT' AND c.last_hash <> c.hash)
