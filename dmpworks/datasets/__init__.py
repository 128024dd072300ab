"""What the chains of the five datasets share. Read each group in its order:

- a download: `download.py` (start here), `in_place.py` for what stays where it is, `releases.py` and `zips.py` for a
  single zip; `sources/`, where files come from; `together.py`, many at once; `arriving.py`, how one comes into the
  bucket; `held.py`, what is there already; `digests.py`;
- a transform: `transform.py` (start here), `shards.py`, `finished.py`, `quarantine.py`, `subset.py`;
- files to records: `lines.py`, `arrays.py`, `archives.py`; `lenient.py` and `loose.py` for what is not as promised;
- records to columns: `flattening.py`, `undecoded.py`, `parties.py`, `kernels/`, `columns.py`;
- both jobs: `progress.py`.
"""
