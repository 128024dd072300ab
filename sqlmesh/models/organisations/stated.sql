/*
Every institution and funder of every work as its source states it, with its position in the list.
Why: resolving ids to ROR is a join, and a join needs rows rather than lists.
*/
MODEL (
  name organisations.stated,
  kind VIEW
);

SELECT
  doi,
  'institution' AS role,
  UNNEST(institutions) AS party,
  CAST(GENERATE_SUBSCRIPTS(institutions, 1) AS INT) AS position
FROM works.chosen
UNION ALL
SELECT
  doi,
  'funder' AS role,
  UNNEST(funders) AS party,
  CAST(GENERATE_SUBSCRIPTS(funders, 1) AS INT) AS position
FROM works.chosen
