/*
Every relation of a kind that counts, as its source states it: distinct, DOI to DOI, never to itself. The kinds:
`intra_work` (the same work in another form), `shared_project` (another work that probably comes from the same
project), `dataset_citation`. All other types (citations, reviews, requirements, ...) may join unrelated works and are
left out.
Why as stated: degrees are counted in the direction that a source states, before relations are made symmetric. The
partner need not be in the index. Parts differ: DataCite uses HasPart for the files and versions of one deposit,
Crossref for chapters and issues.
Source of the types: Crossref, "Relationships", intra-work and inter-work types, whose names the public data file writes
in kebab case (https://www.crossref.org/documentation/schema-library/markup-guide-metadata-segments/relationships/, read
2026-12-01); DataCite Metadata Schema 4.7 of 2026-03-03, relationType
(https://schema.datacite.org/meta/kernel-4.7/include/datacite-relationType-v4.xsd).
*/
MODEL (
  name relations.stated,
  kind FULL
);

WITH crossref AS (
  SELECT doi, UNNEST(relations) AS relation
  FROM crossref.records
), datacite AS (
  SELECT doi, UNNEST(relations) AS relation
  FROM datacite.records
), everything AS (
  SELECT
    CASE
      WHEN relation.relation_type IN (
        'is-expression-of', 'has-expression', 'is-format-of', 'has-format', 'is-identical-to', 'is-same-as',
        'is-manifestation-of', 'has-manifestation', 'is-manuscript-of', 'has-manuscript', 'is-preprint-of', 'has-preprint',
        'is-replaced-by', 'replaces', 'is-translation-of', 'has-translation', 'is-variant-form-of', 'is-original-form-of',
        'is-version-of', 'has-version'
      ) THEN 'intra_work'
      WHEN relation.relation_type IN (
        'is-derived-from', 'has-derivation', 'is-based-on', 'is-basis-for', 'based-on-data', 'is-data-basis-for',
        'is-supplement-to', 'is-supplemented-by', 'documents', 'is-documented-by', 'is-part-of', 'has-part', 'continues',
        'is-continued-by', 'compiles', 'is-compiled-by', 'is-related-material', 'has-related-material'
      ) THEN 'shared_project'
    END AS kind,
    'Crossref' AS source,
    relation.relation_type AS relation_type,
    doi,
    relation.doi AS partner
  FROM crossref
  UNION ALL
  SELECT
    CASE
      WHEN relation.relation_type IN (
        'IsIdenticalTo', 'Obsoletes', 'IsObsoletedBy', 'HasPart', 'IsPartOf', 'IsPublishedIn', 'HasTranslation',
        'IsTranslationOf', 'IsVariantFormOf', 'IsOriginalFormOf', 'HasVersion', 'IsVersionOf', 'IsNewVersionOf',
        'IsPreviousVersionOf'
      ) THEN 'intra_work'
      WHEN relation.relation_type IN (
        'Compiles', 'IsCompiledBy', 'Continues', 'IsContinuedBy', 'IsDerivedFrom', 'IsSourceOf', 'Describes',
        'IsDescribedBy', 'Documents', 'IsDocumentedBy', 'IsSupplementTo', 'IsSupplementedBy'
      ) THEN 'shared_project'
    END AS kind,
    'DataCite' AS source,
    relation.relation_type AS relation_type,
    doi,
    relation.doi AS partner
  FROM datacite
  UNION ALL
  SELECT
    'dataset_citation' AS kind,
    'Data Citation Corpus' AS source,
    'cites' AS relation_type,
    publication_doi AS doi,
    dataset_doi AS partner
  FROM sources.data_citation_corpus
)
SELECT DISTINCT kind, source, relation_type, doi, partner
FROM everything
WHERE NOT kind IS NULL AND doi <> partner
