/*
The awards of each work: distinct, sorted case-insensitively by id, each with its funder where a source names one.
Why: one source names the funder of an award "NSF" with a ROR id, another "National Science Foundation" without: the
result is one entry per award and funder. An entry without a funder adds nothing to one of the same id with a funder.
Equal award ids of two funders are two awards.
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
), with_ror AS (
  -- Where two entries name the same funder, the one without a ROR id takes that of the other.
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
    ARG_MIN(funder_name, STRUCT_PACK(rank := rank, name := funder_name)) AS funder_name,
    MIN(funder_ror) AS funder_ror
  FROM with_ror
  GROUP BY doi, award_id, COALESCE(funder_ror, LOWER(funder_name))
), tied AS (
  SELECT doi, award_id, funder_name, funder_ror
  FROM per_funder
  QUALIFY NOT funder IS NULL OR COUNT(funder) OVER (PARTITION BY doi, award_id) = 0
)
SELECT
  doi,
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(STRUCT_PACK(
      lower_id := LOWER(award_id), award_id := award_id, funder_ror := funder_ror, funder_name := funder_name
    ))),
    a -> STRUCT_PACK(award_id := a.award_id, funder_name := a.funder_name, funder_ror := a.funder_ror)
  ) AS STRUCT(award_id TEXT, funder_name TEXT, funder_ror TEXT)[]) AS awards
FROM tied
GROUP BY doi
