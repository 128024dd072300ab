"""Cleaning of whole Arrow columns: compiled loops for values of the usual shape, exact Python for all others.

Functions from Arrow arrays to one of the same length; their loops stand in the `*_loops` modules:

- `plain.plain(texts)` equals `text.plain` of each value;
- `markup.stripped(texts)` is what `plain` does where the markup is usual;
- `identifiers.doi/ror/orcid/bare(texts)` equal `identifiers.doi/ror/orcid/strip_prefix`;
- `moments.days/moments(texts)` equal `text.iso_date/iso_datetime`;
- `abstracts.abstracts(indexes)` equals `text.abstract_from_index` of inverted indexes in JSON;
- `names.people(...)` equals `names.parse`;
- `objects.objects(values, names)` finds the values of some names in lists of JSON objects that were left undecoded;
- `gather` has what lists need, by offsets: owners, codes in place of values, what is distinct; numpy and Arrow alone.

A compiled loop never decides what is unusual: it only flags it (non-ASCII of uncertain normal form, markup, odd
punctuation ...), and the pure function of `dmpworks.cleaners` is asked. Values too few to pay for loading the compiler
are all flagged (`compiled.worthwhile`), with the same result.
"""
