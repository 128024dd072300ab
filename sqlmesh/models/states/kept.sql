/*
The earlier states to keep: together with those of this run the newest `max_doi_states` per DOI.
Why: a few states show the history of a work; all of them would grow without limit.
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
