/*
One Crossref record per DOI: the one deposited last.
Why: every later model joins by DOI. A DOI that the files do not repeat is taken as it is.
*/
MODEL (
  name crossref.records,
  kind VIEW
);

SELECT doi, title, abstract_text, updated_date, funders, awards, relations
FROM sources.crossref_metadata AS s
WHERE NOT EXISTS (SELECT 1 FROM crossref.repeated AS r WHERE r.doi = s.doi)
UNION ALL
SELECT doi, title, abstract_text, updated_date, funders, awards, relations
FROM crossref.repeated
