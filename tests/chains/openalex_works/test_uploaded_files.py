"""Of files that were uploaded by hand, each is read or the job fails: none is passed over."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.openalex_works.jobs import Scope, Transform, transform
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords

MakeRun = Callable[..., Run]
FOLDER = "openalex-works/2026-10-01/download"
FIRST, SECOND = "updated_date=2026-01-01/part_0000", "updated_date=2026-02-02/part_0000"


@pytest.fixture
def upload(bucket: Bucket, data: Path) -> Callable[[str], None]:
    """Return what uploads the real works under a name, as Parquet or JSON Lines by its ending."""

    def put(name: str) -> None:
        assert bucket.root
        path = bucket.root / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "parquet" if name.endswith(".parquet") else "jsonl.gz"
        shutil.copy(data / f"real/openalex-works.{kind}", path)

    return put


def transformed(bucket: Bucket, make_run: MakeRun) -> Counts | Partial:
    run = make_run(bucket, "openalex-works", "transform")
    return transform(run, Scope(), Transform(workers=1, include_xpac=True), BadRecords())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2025/part_000.gz", "2026/part_000.gz"),
        (f"old/{FIRST}.parquet", f"new/{FIRST}.parquet"),
        (f"{FIRST}.gz", f"{FIRST}-1a2b3c4d.gz"),
        ("works-20260101.jsonl.gz", "works-20260201.jsonl.gz"),
    ],
)
def test_two_files_of_one_name_are_refused(
    bucket: Bucket, make_run: MakeRun, upload: Callable[[str], None], one: str, other: str
) -> None:
    upload(one)
    upload(other)
    with pytest.raises(TransformError, match="two files have the same name in the release") as failure:
        transformed(bucket, make_run)
    assert f"{FOLDER}/{one}" in failure.value.on and f"{FOLDER}/{other}" in failure.value.on


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ([f"{FIRST}.gz", f"{SECOND}.parquet"], f"{FIRST}, {SECOND}"),
        ([f"{FIRST}.gz", f"{FIRST}.parquet", f"{SECOND}.gz"], SECOND),
        ([f"{FIRST}.jsonl.gz", f"{FIRST}.parquet", f"{SECOND}.parquet"], SECOND),
    ],
)
def test_parquet_and_json_lines_that_are_not_two_copies_are_refused(
    bucket: Bucket, make_run: MakeRun, upload: Callable[[str], None], files: list[str], named: str
) -> None:
    for name in files:
        upload(name)
    with pytest.raises(TransformError, match="not copies of each other") as failure:
        transformed(bucket, make_run)
    assert failure.value.on.startswith(f"{named}: ")


def test_of_two_whole_copies_one_is_read(bucket: Bucket, make_run: MakeRun, upload: Callable[[str], None]) -> None:
    for name in (FIRST, SECOND):
        upload(f"{name}.gz")
        upload(f"parquet/{name}.parquet")
    assert transformed(bucket, make_run).read == 68  # type: ignore[union-attr]


def test_files_of_any_names_are_read(bucket: Bucket, make_run: MakeRun, upload: Callable[[str], None]) -> None:
    assert bucket.root
    for name in ("a.gz", "b/b.jsonl.gz", "updated_date=2026-01-01/a.gz"):
        upload(name)
    lines = (bucket.root / FOLDER / "a.gz").read_bytes()
    assert transformed(bucket, make_run).read == 3 * len(gzip.decompress(lines).splitlines())  # type: ignore[union-attr]
