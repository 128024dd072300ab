/*
The ROR organisations of this run, as the chain `ror` wrote them.
Why: the one place where a ROR file cut short is noticed before anything is built from it.
*/
MODEL (
  name sources.ror,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_ror))
);

SELECT ror, name, names, status, types, external_ids
FROM inputs.ror
