from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.cleaners import identifiers as exact
from dmpworks.datasets.kernels import identifiers
from tests.datasets.kernels.samples import anything, check, thorough

PREFIXES = [
    "", "https://doi.org/", "http://dx.doi.org/", "doi:", "https://ror.org/", "https://orcid.org/",
    "https://openalex.org/",
    "https://pubmed.ncbi.nlm.nih.gov/", "https://www.ncbi.nlm.nih.gov/pmc/articles/", "HTTPS://DOI.ORG/", " ",
    "https://",
    "pmc/articles/", "http:///", "https://x y/",
]  # fmt: skip
VALUES = [
    "10.5281/zenodo.1", "10.1002/(SICI)1097(199808)17:15<1::AID-X>3.0.CO;2-2", "10.1/a.", "10.1/a)", "10./a",
    "10.12.3/B",
    "10.1/", "10.1/a%2Fb", "W4285049136", "29456894", "PMC5815332", "02mgtg880", "02MGTG880", "02mgtg88",
    "02mgtg8801",
    "0000-0001-2345-678X", "0000-0001-2345-678x", "000000012345678X", "0000-0001-2345-6789-", "", "/", "a/b", "F1 F2",
]  # fmt: skip
identified = st.lists(
    st.none() | anything | st.tuples(st.sampled_from(PREFIXES), st.sampled_from(VALUES), anything).map("".join)
    | st.tuples(st.sampled_from(PREFIXES), st.sampled_from(VALUES)).map("".join),
    max_size=20,
)  # fmt: skip

Cleaner = Callable[[str | None], str | None]
PAIRS = [
    (identifiers.doi, exact.doi), (identifiers.ror, exact.ror), (identifiers.orcid, exact.orcid),
    (identifiers.bare, exact.strip_prefix),
]  # fmt: skip


@pytest.mark.parametrize(("cleaned", "one"), PAIRS)
def test_equals_the_cleaner_of_each_value(cleaned: Callable[[pa.Array], pa.Array], one: Cleaner) -> None:
    @thorough
    @given(identified)
    def equals(values: list[str | None]) -> None:
        check(cleaned, one, values)

    equals()


@pytest.mark.parametrize(("cleaned", "one"), PAIRS)
def test_every_combination_of_prefix_and_value(cleaned: Callable[[pa.Array], pa.Array], one: Cleaner) -> None:
    check(cleaned, one, [prefix + value for prefix in PREFIXES for value in VALUES])
