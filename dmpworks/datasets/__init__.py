"""What the chains of the five datasets share. Read each folder in this order:

- `download/`: `copy.py` (start here), `in_place.py` for files that stay at their source, `zenodo.py` and `zips.py` for
  a single zip; `parallel.py`, many files at once; `transfer.py`, how one file gets into the bucket; `reuse.py`, files
  that are there already; `checksums.py`;
- `sources/`: where files come from: a folder, HTTP or S3;
- `transform/`: `dataset.py` (what a dataset supplies; start here), `run_parts.py`, `shards.py`, `checkpoints.py`,
  `quarantine.py`, `acceptance.py`; `read_table.py` for one file without a run;
- `reading/`, files to records: `json_lines.py`, `json_arrays.py`, `archives.py`; `coerce.py` and `loose_values.py` for
  values of another type than promised;
- `columns/`, records to columns: `flatten.py`, `raw_json.py`, `organisations.py`, `arrow.py`; `kernels/`, their loops;
- `subset.py` and `progress.py`, for all of them.
"""
