-- A missing text is null, in every column and list: an empty string would match everything or nothing.
AUDIT (
  name no_empty_strings
);

SELECT doi
FROM @this_model
WHERE
  doi = '' OR title = '' OR abstract_text = '' OR work_type = '' OR publication_venue = ''
  OR LEN(LIST_FILTER(authors, a -> a.orcid = '' OR a.first_initial = '' OR a.given_name = '' OR a.middle_initials = ''
    OR a.middle_names = '' OR a.surname = '' OR a."full" = '')) > 0
  OR LEN(LIST_FILTER(institutions, i -> i.name = '' OR i.ror = '')) > 0
  OR LEN(LIST_FILTER(funders, f -> f.name = '' OR f.ror = '')) > 0
  OR LEN(LIST_FILTER(awards, a -> a.award_id = '' OR a.funder_name = '' OR a.funder_ror = '')) > 0
