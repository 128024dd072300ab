/*
The last state of each DOI that the search engine has certainly seen: that of the last completed sync.
Why: a DOI keeps several states; only the newest says what the engine holds.
*/
MODEL (
  name states.last,
  kind FULL,
  audits (unique_dois)
);

SELECT doi, hash, state
FROM inputs.states
QUALIFY ROW_NUMBER() OVER (PARTITION BY doi ORDER BY updated_date DESC) = 1
