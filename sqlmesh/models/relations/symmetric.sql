/*
The relations without those of hubs, in both directions, each once per kind.
Why: a DOI with more than `max_relation_degrees` partners (a collection, a reference database) says nothing about any one
of them. Partners are counted per source, relation type and direction: those that a DOI names (the collections of a
part) and those that name it (the parts of a collection). A DOI over the limit in one direction loses all its relations
of that type and keeps those of other types. A DOI that is over the limit only with both directions together is no hub.
*/
MODEL (
  name relations.symmetric,
  kind FULL
);

WITH hubs AS (
  SELECT source, relation_type, doi
  FROM relations.stated
  GROUP BY source, relation_type, doi
  HAVING COUNT(*) > @max_relation_degrees
  UNION
  SELECT source, relation_type, partner AS doi
  FROM relations.stated
  GROUP BY source, relation_type, partner
  HAVING COUNT(*) > @max_relation_degrees
), kept AS (
  SELECT s.kind, s.doi, s.partner
  FROM relations.stated AS s
  WHERE NOT EXISTS (
    SELECT 1 FROM hubs AS h
    WHERE h.source = s.source AND h.relation_type = s.relation_type AND h.doi = s.doi
  ) AND NOT EXISTS (
    SELECT 1 FROM hubs AS h
    WHERE h.source = s.source AND h.relation_type = s.relation_type AND h.doi = s.partner
  )
)
SELECT kind, doi, partner FROM kept
UNION
SELECT kind, partner AS doi, doi AS partner FROM kept
