"""Every month is compared with the CSV beside its parts: nothing is silently short."""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.datacite.jobs import Scope, Source, Transform, download, transform
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import quarantined, rows

MakeRun = Callable[..., Run]
DOIS = "datacite/2026-10-01/download/dois"


def transformed(bucket: Bucket, make_run: MakeRun, allowed: float = 0.001, **options: int | bool) -> tuple[Run, Counts]:
    """Run the transform and return its run and counts."""
    run = make_run(bucket, "datacite", "transform")
    scope = Scope(bool(options.get("use_subset")))
    return run, transform(run, Transform(int(options.get("workers", 1))), scope, BadRecords(allowed))


def failing(bucket: Bucket, make_run: MakeRun) -> TransformError:
    """Run a transform that must fail and return its error."""
    with pytest.raises(TransformError) as failure:
        transformed(bucket, make_run)
    return failure.value


def part(bucket: Bucket, month: str, number: int = 0) -> Path:
    """Return the path of a part."""
    assert bucket.root
    return bucket.root / DOIS / f"updated_{month}" / f"part_{number:04}.jsonl.gz"


def test_the_planted_data_file(planted: Bucket, make_run: MakeRun, data: Path) -> None:
    expected = json.loads((data / "planted/expected.json").read_text())["datacite"]
    run, counts = transformed(planted, make_run)
    found = rows(run)
    noted = {"relations to something without a DOI": 255}
    assert counts == Counts(read=expected["lines"], written=expected["lines"], also=noted)
    dois = Counter(row["doi"] for row in found)
    assert len(dois) == expected["distinct DOIs"]
    assert sum(dois.values()) - len(dois) == expected["lines that repeat a DOI"]
    types = Counter(row["work_type"] for row in found)
    assert types["OutputManagementPlan"] == expected["lines of type OutputManagementPlan"]


def test_the_planted_dirt(planted: Bucket, make_run: MakeRun) -> None:
    # The figures of PLANT.md, "Dirty but legal".
    found = rows(transformed(planted, make_run)[0])
    assert sum(row["title"] is None for row in found) == 10
    assert all(row["publication_venue"] and row["publication_date"] and row["updated_date"] for row in found)
    assert not any("<" in (row["title"] or "") or "<p>" in (row["abstract_text"] or "") for row in found)
    assert sum(not row["authors"] for row in found) >= 6
    awards = [award["award_id"] for row in found for award in row["awards"]]
    assert len(awards) > 750 and all(awards)
    assert all(author["full"] for row in found for author in row["authors"])


def test_a_subset(planted: Bucket, make_run: MakeRun) -> None:
    run, counts = transformed(planted, make_run, use_subset=True)
    kept = {row["doi"] for row in rows(run)}
    everything = {row["doi"] for row in rows(transformed(planted, make_run)[0])}
    assert counts.read == 1173
    assert counts.dropped == {"not in subset": 1173 - counts.written}
    assert set(json.loads(planted.get("meta/work_dois.json"))) & everything <= kept < everything


def test_a_download_can_be_transformed(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    run = make_run(bucket, "datacite", "download")
    counts = download(run, Source(f"file:{data / 'planted/datacite/2026-10-01/download'}"))
    assert counts.written == 22
    assert f"{DOIS}/updated_2026-07/2026-07-{run.token}.csv.gz" in [file.key for file in run.outputs]
    assert transformed(bucket, make_run)[1].written == 1173


def test_a_part_that_ends_early_between_two_gzip_members(planted: Bucket, make_run: MakeRun) -> None:
    # Each line a member, the last three are missing: no gzip error tells of that.
    path = part(planted, "2026-02")
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(b"".join(gzip.compress(line) for line in lines[:-3]))
    error = failing(planted, make_run)
    assert error.what == "the number of records of some months is not the one that their CSV files state"
    assert error.on == "2026-02: 190 instead of 193"
    assert "download" in error.next


def test_a_missing_part_and_one_too_many(planted: Bucket, make_run: MakeRun) -> None:
    part(planted, "2019-04", 1).rename(part(planted, "2023-03", 2))
    error = failing(planted, make_run)
    assert "2019-04: " in error.on and " instead of 108" in error.on
    assert "2023-03: " in error.on and " instead of 137" in error.on


def test_a_month_without_any_part(planted: Bucket, make_run: MakeRun) -> None:
    for number in (0, 1):
        part(planted, "2019-04", number).unlink()
    assert failing(planted, make_run).on == "2019-04: 0 instead of 108"


def csv_of(bucket: Bucket, month: str) -> Path:
    """Return the path of a month's CSV."""
    return part(bucket, month).with_name(f"{month}.csv.gz")


def test_a_month_without_csv_among_others_fails(planted: Bucket, make_run: MakeRun) -> None:
    csv_of(planted, "2019-04").unlink()
    part(planted, "2019-04", 1).unlink()
    error = failing(planted, make_run)
    assert error.what == "DataCite's monthly data file is not complete"
    assert error.on == "datacite/2026-10-01/download: 2019-04: its CSV is missing"


def test_a_copy_without_any_csv_is_taken_as_it_is_and_told(
    planted: Bucket, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transformed(planted, make_run)[1].read == 1173
    assert "has no CSV" not in capsys.readouterr().err
    for path in part(planted, "2019-04").parents[1].rglob("*.csv.gz"):
        path.unlink()
    part(planted, "2019-04", 1).unlink()
    assert 0 < transformed(planted, make_run)[1].read < 1173
    assert (
        "the data file has no CSV: the expected number of records of each month is unknown" in capsys.readouterr().err
    )


def test_parts_are_numbered_without_a_gap(planted: Bucket, make_run: MakeRun) -> None:
    part(planted, "2026-07", 1).unlink()
    assert failing(planted, make_run).on.endswith("download: 2026-07: part_0001 is missing")


def test_the_first_and_the_last_part_are_missed_by_their_records(planted: Bucket, make_run: MakeRun) -> None:
    part(planted, "2019-04", 0).unlink()
    part(planted, "2026-07", 2).unlink()
    on = failing(planted, make_run).on
    assert on.startswith("2019-04: ") and ", 2026-07: " in on and " instead of " in on


def test_a_part_that_is_there_twice_fails(planted: Bucket, make_run: MakeRun) -> None:
    path = part(planted, "2019-04")
    for twin in (path, csv_of(planted, "2026-07")):
        shutil.copy(twin, twin.with_name(twin.name.replace(".", "-1a2b3c4d.", 1)))
    on = failing(planted, make_run).on
    assert on.endswith(": 2026-07: its CSV is present 2 times, 2019-04: part_0000 is present 2 times")


def test_a_csv_that_cannot_be_read_fails(planted: Bucket, make_run: MakeRun) -> None:
    assert planted.root
    path = planted.root / DOIS / "updated_2019-04/2019-04.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert "2019-04.csv.gz" in failing(planted, make_run).on


def test_a_gzip_cut_short_fails_after_the_others_are_read(planted: Bucket, make_run: MakeRun) -> None:
    for month in ("2019-04", "2026-02"):
        path = part(planted, month)
        path.write_bytes(path.read_bytes()[:-500])
    error = failing(planted, make_run)
    assert error.what == "2 of 15 files could not be transformed"
    assert "part_0000.jsonl.gz" in error.on


def test_a_bad_line_is_set_aside_and_still_belongs_to_its_month(planted: Bucket, make_run: MakeRun) -> None:
    path = part(planted, "2026-02")
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join([lines[0][:200] + b"\n", *lines[1:]])))
    run, counts = transformed(planted, make_run, allowed=0.01)
    assert (counts.read, counts.written, counts.quarantined) == (1173, 1172, 1)
    assert set(counts.also) == {"relations to something without a DOI"}
    assert len(quarantined(run)) == 1
    with pytest.raises(TransformError, match="1 of 1,173 records could not be read, more than MAX_BAD_RECORDS"):
        transformed(planted, make_run, allowed=0.0001)
