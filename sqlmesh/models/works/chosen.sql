/*
One row per DOI of the index, with the metadata of the source that describes it.
Why: DataCite describes its own DOIs best, so every DataCite work is included with DataCite's metadata, and every
OpenAlex work whose DOI DataCite does not have. OpenAlex works take Crossref's title or abstract where it is longer.
*/
MODEL (
  name works.chosen,
  kind VIEW
);

SELECT
  d.doi,
  d.title,
  d.abstract_text,
  COALESCE(t.work_type, 'OTHER') AS work_type,
  d.publication_date,
  GREATEST(d.updated_date, o.updated_date) AS updated_date,
  d.publication_venue,
  d.authors,
  d.institutions,
  d.funders,
  'DataCite' AS source_name,
  'https://commons.datacite.org/doi.org/' || d.doi AS source_url
FROM datacite.records AS d
LEFT JOIN works.types AS t ON t.source = 'DataCite' AND t.source_type = d.work_type
LEFT JOIN openalex.works AS o ON d.doi = o.doi
UNION ALL
SELECT
  o.doi,
  CASE WHEN LENGTH(c.title) > COALESCE(LENGTH(o.title), 0) THEN c.title ELSE o.title END AS title,
  CASE
    WHEN LENGTH(c.abstract_text) > COALESCE(LENGTH(o.abstract_text), 0) THEN c.abstract_text ELSE o.abstract_text
  END AS abstract_text,
  COALESCE(UPPER(REPLACE(o.work_type, '-', '_')), 'OTHER') AS work_type,
  o.publication_date,
  GREATEST(o.updated_date, c.updated_date) AS updated_date,
  o.publication_venue,
  o.authors,
  o.institutions,
  o.funders,
  'OpenAlex' AS source_name,
  COALESCE('https://openalex.org/' || UPPER(o.openalex_id), 'https://doi.org/' || o.doi) AS source_url
FROM openalex.works AS o
LEFT JOIN crossref.records AS c ON o.doi = c.doi
WHERE NOT EXISTS (SELECT 1 FROM datacite.records AS d WHERE d.doi = o.doi)
