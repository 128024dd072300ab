/*
One row: how many DOIs are live after this run according to their states, and how many works the index has. The search
index must hold as many documents at the end of the sync.
Why: the number comes from the states and is audited against the index, so that wrong states stop the run before
anything is sent.
*/
MODEL (
  name states.live,
  kind FULL,
  audits (as_many_live_as_indexed)
);

WITH newest AS (
  SELECT doi, state FROM states.changes
  UNION ALL
  SELECT l.doi, l.state
  FROM states.last AS l
  WHERE NOT EXISTS (SELECT 1 FROM states.changes AS c WHERE c.doi = l.doi)
)
SELECT
  (SELECT COUNT(*) FROM newest WHERE state <> 'DELETE') AS live,
  (SELECT COUNT(*) FROM works.hashes) AS indexed
