/*
The institutions and funders of the lists in organisations.stated as the index holds them: name and ROR id, each once,
in the source's order.
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
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(STRUCT_PACK(position := position, name := name, ror := ror)) FILTER (WHERE role = 'institution')),
    p -> STRUCT_PACK(name := p.name, ror := p.ror)
  ) AS STRUCT("name" TEXT, ror TEXT)[]) AS institutions,
  CAST(LIST_TRANSFORM(
    LIST_SORT(LIST(STRUCT_PACK(position := position, name := name, ror := ror)) FILTER (WHERE role = 'funder')),
    p -> STRUCT_PACK(name := p.name, ror := p.ror)
  ) AS STRUCT("name" TEXT, ror TEXT)[]) AS funders
FROM distinct_parties
GROUP BY doi
