/*
The known work types: the name in the index for each `resourceTypeGeneral` of DataCite and each `type` of OpenAlex.
Why: search and the DMP Tool use one vocabulary, UPPER_SNAKE. A DataCite type that is missing here becomes OTHER; an
OpenAlex type is converted by rule (see works.chosen) and listed here only to warn of a new one.
Source of the types: DataCite Metadata Schema 4.7 of 2026-03-03, resourceTypeGeneral
(https://schema.datacite.org/meta/kernel-4.7/include/datacite-resourceType-v4.xsd); OpenAlex, "Work types"
(https://developers.openalex.org/api-reference/work-types, read 2026-12-01), and the types of its snapshot of 2026.
*/
MODEL (
  name works.types,
  kind FULL
);

SELECT
  CAST(source AS TEXT) AS source,
  CAST(source_type AS TEXT) AS source_type,
  CAST(work_type AS TEXT) AS work_type
FROM (VALUES
  ('DataCite', 'Audiovisual', 'AUDIO_VISUAL'),
  ('DataCite', 'Film', 'AUDIO_VISUAL'),
  ('DataCite', 'Book', 'BOOK'),
  ('DataCite', 'BookChapter', 'BOOK_CHAPTER'),
  ('DataCite', 'ComputationalNotebook', 'SOFTWARE'),
  ('DataCite', 'Software', 'SOFTWARE'),
  ('DataCite', 'ConferencePaper', 'ARTICLE'),
  ('DataCite', 'DataPaper', 'ARTICLE'),
  ('DataCite', 'JournalArticle', 'ARTICLE'),
  ('DataCite', 'Text', 'ARTICLE'),
  ('DataCite', 'Dataset', 'DATASET'),
  ('DataCite', 'Model', 'DATASET'),
  ('DataCite', 'Dissertation', 'DISSERTATION'),
  ('DataCite', 'Event', 'EVENT'),
  ('DataCite', 'Image', 'IMAGE'),
  ('DataCite', 'Instrument', 'PHYSICAL_OBJECT'),
  ('DataCite', 'PhysicalObject', 'PHYSICAL_OBJECT'),
  ('DataCite', 'InteractiveResource', 'INTERACTIVE_RESOURCE'),
  ('DataCite', 'OutputManagementPlan', 'OUTPUT_MANAGEMENT_PLAN'),
  ('DataCite', 'PeerReview', 'PEER_REVIEW'),
  ('DataCite', 'Preprint', 'PREPRINT'),
  ('DataCite', 'Report', 'REPORT'),
  ('DataCite', 'Sound', 'SOUND'),
  ('DataCite', 'Standard', 'STANDARD'),
  ('OpenAlex', 'article', 'ARTICLE'),
  ('OpenAlex', 'book', 'BOOK'),
  ('OpenAlex', 'book-chapter', 'BOOK_CHAPTER'),
  ('OpenAlex', 'book-section', 'BOOK_SECTION'),
  ('OpenAlex', 'conference-abstract', 'CONFERENCE_ABSTRACT'),
  ('OpenAlex', 'conference-paper', 'CONFERENCE_PAPER'),
  ('OpenAlex', 'data-paper', 'DATA_PAPER'),
  ('OpenAlex', 'database', 'DATABASE'),
  ('OpenAlex', 'dataset', 'DATASET'),
  ('OpenAlex', 'dissertation', 'DISSERTATION'),
  ('OpenAlex', 'editorial', 'EDITORIAL'),
  ('OpenAlex', 'erratum', 'ERRATUM'),
  ('OpenAlex', 'grant', 'GRANT'),
  ('OpenAlex', 'letter', 'LETTER'),
  ('OpenAlex', 'libguides', 'LIBGUIDES'),
  ('OpenAlex', 'other', 'OTHER'),
  ('OpenAlex', 'paratext', 'PARATEXT'),
  ('OpenAlex', 'peer-review', 'PEER_REVIEW'),
  ('OpenAlex', 'preprint', 'PREPRINT'),
  ('OpenAlex', 'reference-entry', 'REFERENCE_ENTRY'),
  ('OpenAlex', 'report', 'REPORT'),
  ('OpenAlex', 'report-component', 'REPORT_COMPONENT'),
  ('OpenAlex', 'retraction', 'RETRACTION'),
  ('OpenAlex', 'review', 'REVIEW'),
  ('OpenAlex', 'software', 'SOFTWARE'),
  ('OpenAlex', 'software-paper', 'SOFTWARE_PAPER'),
  ('OpenAlex', 'standard', 'STANDARD'),
  ('OpenAlex', 'supplementary-materials', 'SUPPLEMENTARY_MATERIALS')
) AS t(source, source_type, work_type)
