-- A missing text is null, in every column and list: an empty string would match everything or nothing.
AUDIT (
  name no_empty_strings
);

SELECT doi
FROM @this_model
WHERE has_empty_string
