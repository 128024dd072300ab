import gzip
from collections.abc import Callable

import msgspec
import pytest

from dmpworks.datasets.columns.arrow import Party
from dmpworks.datasets.subset import INSTITUTIONS, WORK_DOIS, read_subset
from dmpworks.errors import JobError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.sample import lines
from tests.datasets.test_transform import put, run_it


@pytest.fixture
def listed(bucket: Bucket) -> Bucket:
    bucket.put(WORK_DOIS, b'["https://doi.org/10.1/A", "10.1/b", "none"]')
    institutions = [
        {"name": "Universität Zürich", "ror": "https://ror.org/02crff812"},
        {"name": "Lexport Institute", "ror": None},
    ]
    bucket.put(INSTITUTIONS, msgspec.json.encode(institutions))
    return bucket


@pytest.mark.parametrize(
    ("doi", "party", "kept"),
    [
        ("10.1/a", None, True),
        ("10.1/c", None, False),
        ("10.1/c", Party("Any name", "ror", "02crff812"), True),
        ("10.1/c", Party("Universität Zürich", "ror", "05a28rw58"), False),
        ("10.1/c", Party("UNIVERSITAT  ZURICH"), True),
        ("10.1/c", Party("Universität Zürich", "grid", "grid.7400.3"), True),
        ("10.1/c", Party("Lexport Institute", "ror", "05a28rw58"), True),
        ("10.1/c", Party("Lexport Institute of Technology"), False),
        ("10.1/c", Party(None), False),
    ],
)
def test_a_work_is_kept_by_doi_ror_or_name(listed: Bucket, doi: str, party: Party | None, kept: bool) -> None:
    assert read_subset(listed).keep(doi, [party] if party else []) is kept


def test_works_outside_the_subset_are_dropped_and_counted(listed: Bucket, make_run: Callable[..., Run]) -> None:
    listed.put(WORK_DOIS, b'["10.1/1"]')
    counts = run_it(make_run(listed, "things", "transform"), put(listed, a=gzip.compress(lines(3))), use_subset=True)
    assert (counts.written, counts.dropped) == (1, {"not in subset": 2})


def test_a_missing_list_is_told(bucket: Bucket) -> None:
    with pytest.raises(JobError) as caught:
        read_subset(bucket)
    assert "meta/work_dois.json does not exist" in caught.value.on
    assert "--use-subset" in caught.value.next


def test_a_list_of_another_form_is_told(listed: Bucket) -> None:
    listed.put(INSTITUTIONS, b'{"name": "x"}')
    with pytest.raises(JobError, match="cannot be read"):
        read_subset(listed)
