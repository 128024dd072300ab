/*
The works index: one row per DOI, ready for search, with an MD5 hash of everything that search or the DMP Tool shows.
Why the hash leaves out `doi` and `updated_date`: it must change if and only if something that is shown has changed.
Every list has a defined order, so the hash depends neither on the order in which files are read nor on the run.
Institutions and funders that are missing from organisations.by_work have ROR ids only, or none.
*/
MODEL (
  name works.index,
  kind VIEW
);

WITH joined AS (
  SELECT
    c.doi,
    c.title,
    c.abstract_text,
    c.work_type,
    c.publication_date,
    c.updated_date,
    c.publication_venue,
    COALESCE(c.authors, []) AS authors,
    COALESCE(o.institutions, CAST(LIST_FILTER(
      LIST_TRANSFORM(c.institutions, p -> STRUCT_PACK(name := p.name, ror := CASE WHEN p.id_type = 'ror' THEN p.id END)),
      p -> NOT p.name IS NULL OR NOT p.ror IS NULL
    ) AS STRUCT("name" TEXT, ror TEXT)[]), []) AS institutions,
    COALESCE(o.funders, CAST(LIST_FILTER(
      LIST_TRANSFORM(c.funders, p -> STRUCT_PACK(name := p.name, ror := CASE WHEN p.id_type = 'ror' THEN p.id END)),
      p -> NOT p.name IS NULL OR NOT p.ror IS NULL
    ) AS STRUCT("name" TEXT, ror TEXT)[]), []) AS funders,
    COALESCE(a.awards, []) AS awards,
    STRUCT_PACK(
      intra_work_dois := COALESCE(r.intra_work_dois, []),
      possible_shared_project_dois := COALESCE(r.possible_shared_project_dois, []),
      dataset_citation_dois := COALESCE(r.dataset_citation_dois, [])
    ) AS relations,
    STRUCT_PACK(name := c.source_name, url := c.source_url) AS source
  FROM works.chosen AS c
  LEFT JOIN organisations.by_work AS o ON o.doi = c.doi
  LEFT JOIN awards.by_work AS a ON a.doi = c.doi
  LEFT JOIN relations.by_work AS r ON r.doi = c.doi
)
SELECT
  doi,
  MD5(CAST(TO_JSON(STRUCT_PACK(
    title := title, abstract_text := abstract_text, work_type := work_type, publication_date := publication_date,
    publication_venue := publication_venue, authors := authors, institutions := institutions, funders := funders,
    awards := awards, relations := relations, source := source
  )) AS TEXT)) AS hash,
  title,
  abstract_text,
  work_type,
  publication_date,
  updated_date,
  publication_venue,
  authors,
  institutions,
  funders,
  awards,
  relations,
  source
FROM joined
