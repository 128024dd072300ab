/*
The earlier states that stay: with this run's own, at most `max_doi_states` per DOI, the newest.
Why: a few states tell how a work came to be what it is; all of them would grow without end.
*/
MODEL (
  name states.kept,
  kind FULL
);

SELECT s.doi, s.hash, s.state, s.updated_date
FROM inputs.states AS s
LEFT JOIN states.changes AS c ON c.doi = s.doi
QUALIFY ROW_NUMBER() OVER (PARTITION BY s.doi ORDER BY s.updated_date DESC)
  + CASE WHEN c.doi IS NULL THEN 0 ELSE 1 END <= @max_doi_states
