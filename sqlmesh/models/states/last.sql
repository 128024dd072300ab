/*
The state of each DOI after the last completed sync.
Why: a DOI has several states; the newest one says what the search index holds.
*/
MODEL (
  name states.last,
  kind FULL,
  audits (unique_dois)
);

SELECT doi, hash, state
FROM inputs.states
QUALIFY ROW_NUMBER() OVER (PARTITION BY doi ORDER BY updated_date DESC) = 1
