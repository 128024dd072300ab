/*
The awards of each work: distinct, sorted by id without regard to case, each tied to its funder where a source does
so.
Why: the same award comes as "NSF" with a ROR id from one source and spelt out from another: one entry per award and
funder. An entry without funder says nothing beside one of the same id with a funder. An award id counts only with its
funder, so equal ids of two funders stay two awards.
*/
MODEL (
  name awards.by_work,
  kind FULL,
  audits (unique_dois)
);

WITH resolved AS (
  SELECT
    s.doi,
    s.rank,
    s.award.award_id AS award_id,
    s.award.funder_name AS funder_name,
    CASE WHEN s.award.funder_id_type = 'ror' THEN s.award.funder_id ELSE i.ror END AS ror
  FROM awards.stated AS s
  LEFT JOIN ror.ids AS i ON i.id_type = s.award.funder_id_type AND i.id = LOWER(REPLACE(s.award.funder_id, ' ', ''))
  WHERE NOT s.award.award_id IS NULL
), told_apart AS (
  -- Of two entries that name the same funder, the one without an id is given the other's.
  SELECT
    doi,
    rank,
    award_id,
    funder_name,
    COALESCE(ror, MIN(ror) OVER (PARTITION BY doi, award_id, LOWER(funder_name))) AS funder_ror
  FROM resolved
), per_funder AS (
  SELECT
    doi,
    award_id,
    COALESCE(funder_ror, LOWER(funder_name)) AS funder,
    FIRST(funder_name ORDER BY funder_name IS NULL, rank, funder_name) AS funder_name,
    MIN(funder_ror) AS funder_ror
  FROM told_apart
  GROUP BY doi, award_id, COALESCE(funder_ror, LOWER(funder_name))
), tied AS (
  SELECT doi, award_id, funder_name, funder_ror
  FROM per_funder
  QUALIFY NOT funder IS NULL OR COUNT(funder) OVER (PARTITION BY doi, award_id) = 0
)
SELECT
  doi,
  CAST(LIST(
    STRUCT_PACK(award_id := award_id, funder_name := funder_name, funder_ror := funder_ror)
    ORDER BY LOWER(award_id), award_id, funder_ror NULLS LAST, funder_name NULLS LAST
  ) AS STRUCT(award_id TEXT, funder_name TEXT, funder_ror TEXT)[]) AS awards
FROM tied
GROUP BY doi
