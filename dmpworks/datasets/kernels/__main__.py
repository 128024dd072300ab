"""Compiles every loop in advance, as the image does: `python -m dmpworks.datasets.kernels`."""

import numba  # noqa: F401  (once it is loaded, `worthwhile` accepts a single value)
import pyarrow as pa

from dmpworks.datasets.kernels import abstracts, identifiers, moments, names, plain
from dmpworks.datasets.kernels.compiled import cache_folder

TEXT = pa.array(["<p>Text</p>"])


def main() -> None:
    """Run each loop once, which compiles it and stores the result."""
    plain.plain_text(TEXT)
    for clean in (identifiers.doi, identifiers.ror, identifiers.orcid, identifiers.bare, moments.days, moments.moments):
        clean(TEXT)
    names.people(TEXT, TEXT, lambda places: [None] * len(places))
    abstracts.abstracts(pa.array([b'{"Text":[0]}']), lambda raw: None)
    print(f"the loops are compiled: {cache_folder()}")


if __name__ == "__main__":
    main()
