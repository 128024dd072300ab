/*
The institutions and funders of those works whose lists need the ROR dataset, one row each, with the position in the
list: lists that have an identifier other than ROR or that repeat an entry.
Why: resolving ids to ROR is a join, and a join needs rows rather than lists. Most lists have ROR ids only and nothing
repeated; works.index takes those as they are.
*/
MODEL (
  name organisations.stated,
  kind VIEW
);

WITH lists AS (
  SELECT doi, 'institution' AS role, institutions AS parties
  FROM works.chosen
  UNION ALL
  SELECT doi, 'funder' AS role, funders AS parties
  FROM works.chosen
)
SELECT
  doi,
  role,
  UNNEST(parties) AS party,
  CAST(GENERATE_SUBSCRIPTS(parties, 1) AS INT) AS position
FROM lists
WHERE LEN(LIST_FILTER(parties, p -> p.id_type <> 'ror')) > 0
  OR LIST_UNIQUE(LIST_TRANSFORM(
    parties, p -> STRUCT_PACK(name := p.name, ror := CASE WHEN p.id_type = 'ror' THEN p.id END)
  )) < LEN(parties)
