"""Cleaning of whole Arrow columns: compiled loops for values of the usual shape, exact Python for all others.

Functions from Arrow arrays to an array of the same length; their loops are in the `*_loops` modules:

- `plain.plain_text(texts)` equals `text.plain_text` of each value;
- `markup.stripped(texts)` does the same for texts with usual markup;
- `identifiers.doi/ror/orcid/bare(texts)` equal `identifiers.doi/ror/orcid/strip_prefix`;
- `moments.days/moments(texts)` equal `text.iso_date/iso_datetime`;
- `abstracts.abstracts(indexes)` equals `text.abstract_from_index` of each inverted index in JSON;
- `names.people(...)` equals `names.parse`;
- `objects.objects(values, names)` finds the values of some names in undecoded lists of JSON objects;
- `gather` handles lists by offsets (owners, codes of values, distinct values), with numpy and Arrow only.

A compiled loop never decides an unusual case: it flags the value (non-ASCII of uncertain normal form, unknown markup,
odd punctuation ...), and the pure function of `dmpworks.cleaners` then cleans it. While there are too few values to pay
for loading numba, all are flagged (`compiled.worthwhile`); the result is the same.
"""
