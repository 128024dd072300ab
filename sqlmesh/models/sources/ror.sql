/*
The ROR organisations of this run, as the chain `ror` wrote them.
Why: its audit detects an incomplete ROR file before anything is built from it.
*/
MODEL (
  name sources.ror,
  kind VIEW,
  audits (rows_at_least(minimum := @min_rows_ror))
);

SELECT ror, name, names, status, types, external_ids
FROM inputs.ror
