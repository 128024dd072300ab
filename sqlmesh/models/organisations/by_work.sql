/*
The institutions and funders of each work as the index holds them: name and ROR id, each once, in the source's order.
Why: two ids of one organisation become the same ROR id, so entries that differ in the source may be equal here. A
stated ROR id is kept even if the ROR dataset lacks it: it may be newer than the dataset.
*/
MODEL (
  name organisations.by_work,
  kind FULL,
  audits (unique_dois)
);

WITH resolved AS (
  SELECT
    s.doi,
    s.role,
    s.position,
    s.party.name AS name,
    CASE WHEN s.party.id_type = 'ror' THEN s.party.id ELSE i.ror END AS ror
  FROM organisations.stated AS s
  LEFT JOIN ror.ids AS i ON i.id_type = s.party.id_type AND i.id = LOWER(REPLACE(s.party.id, ' ', ''))
), distinct_parties AS (
  SELECT doi, role, name, ror, MIN(position) AS position
  FROM resolved
  WHERE NOT name IS NULL OR NOT ror IS NULL
  GROUP BY doi, role, name, ror
)
SELECT
  doi,
  LIST(STRUCT_PACK(name := name, ror := ror) ORDER BY position) FILTER (WHERE role = 'institution') AS institutions,
  LIST(STRUCT_PACK(name := name, ror := ror) ORDER BY position) FILTER (WHERE role = 'funder') AS funders
FROM distinct_parties
GROUP BY doi
