/*
One row per foreign identifier (GRID, ISNI, Crossref Funder id, Wikidata): the ROR id of that organisation.
Why: sources identify organisations in different ways; the index knows only ROR. ISNI is written with and without
spaces, so spaces are removed from every id. Where two organisations claim an id, an active one wins, then the lower ROR
id.
*/
MODEL (
  name ror.ids,
  kind FULL
);

WITH claims AS (
  SELECT
    o.ror,
    o.status,
    LOWER(e.external_id.id_type) AS id_type,
    LOWER(REPLACE(e.external_id.id, ' ', '')) AS id
  FROM sources.ror AS o
  CROSS JOIN UNNEST(o.external_ids) AS e(external_id)
)
SELECT id_type, id, ror
FROM claims
WHERE NOT id_type IS NULL AND NOT id IS NULL
QUALIFY ROW_NUMBER() OVER (PARTITION BY id_type, id ORDER BY COALESCE(status = 'active', FALSE) DESC, ror) = 1
