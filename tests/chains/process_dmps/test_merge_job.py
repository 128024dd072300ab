"""The job merge-related-works on the files that a search left in the bucket."""

import gzip
from collections.abc import Callable

import msgspec
import pytest

from dmpworks.chains.process_dmps.database_plans import open_dmp_database, row_of_plan
from dmpworks.chains.process_dmps.merge import merge_matches
from dmpworks.chains.process_dmps.settings import MergeSettings
from dmpworks.errors import JobError, MergeError
from dmpworks.jobs.run import Run
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from dmpworks.services.storage import Bucket
from dmpworks.settings.declare import Secret
from dmpworks.settings.shared import DmpTool
from tests.chains.process_dmps.found import PLAN, match, matches
from tests.services.database.contents import Contents

FOLDER = "process-dmps/2026-10-01/dmp-works-search"


@pytest.fixture
def run(bucket: Bucket, make_run: Callable[..., Run]) -> Run:
    lines = {
        "matches-0.jsonl.gz": [matches(match("10.1/a", "Étude 🦋"), match("10.1/b"))],
        "matches-1.jsonl.gz": [matches(plan="10.48321/d2")],
    }
    for name, plans in lines.items():
        data = b"".join(msgspec.json.encode(plan) + b"\n" for plan in plans)
        bucket.put(f"{FOLDER}/{name}", gzip.compress(data))
    return make_run(bucket, "process-dmps", "merge-related-works")


def test_the_embedded_database_takes_the_matches(run: Run, bucket: Bucket) -> None:
    database = open_dmp_database(DmpTool(), bucket)
    database.load_plans([row_of_plan(Plan(PLAN)), row_of_plan(Plan("10.48321/d2"))])
    database.close()

    counts = merge_matches(run, DmpTool(), MergeSettings())

    file = bucket.root / "local" / "dmp-tool.sqlite"  # type: ignore[operator]
    assert file.stat().st_mode & 0o777 == 0o600  # plans hold names and addresses of people
    assert (counts.read, counts.written, counts.also["links added"]) == (2, 2, 2)
    links = Contents(f"sqlite:///{bucket.root}/local/dmp-tool.sqlite").links()
    assert {key: link["title"] for key, link in links.items()} == {(1, "10.1/a"): "Étude 🦋", (1, "10.1/b"): "A title"}


def test_a_database_by_url_takes_them_too(
    run: Run, bucket: Bucket, database: DmpDatabase, contents: Contents, database_url: str
) -> None:
    contents.add_plan(4, f"https://doi.org/{PLAN}")

    counts = merge_matches(run, DmpTool(Secret(database_url)), MergeSettings())

    assert (counts.written, counts.dropped) == (1, {"plan not in the database": 1})
    assert set(contents.statuses()) == {(4, "10.1/a"), (4, "10.1/b")}
    assert not (bucket.root / "local").exists()  # type: ignore[operator]


def test_a_broken_file_of_matches_stops_the_job(run: Run, bucket: Bucket) -> None:
    bucket.put(f"{FOLDER}/matches-2.jsonl.gz", bucket.get(f"{FOLDER}/matches-0.jsonl.gz")[:-20])
    with pytest.raises(JobError) as failure:
        merge_matches(run, DmpTool(), MergeSettings())
    assert failure.value.what == "a file of matches is damaged"
    assert "matches-2.jsonl.gz" in failure.value.on
    assert "dmpworks run process-dmps --run-id 2026-10-01 --start-job dmp-works-search" in failure.value.next


PLANS = [f"10.48321/p{number}" for number in range(6)]


def write_matches(bucket: Bucket, per_plan: int) -> None:
    """Replace the search's files by one in which every plan has so many works."""
    for stored in bucket.list(FOLDER):
        bucket.delete([stored.key])
    plans = [matches(*(match(f"10.1/{n}") for n in range(per_plan)), plan=doi) for doi in PLANS]
    data = b"".join(msgspec.json.encode(plan) + b"\n" for plan in plans)
    bucket.put(f"{FOLDER}/matches-3.jsonl.gz", gzip.compress(data))


def test_a_merge_that_would_remove_many_links_stops_before_it_changes_anything(
    run: Run, bucket: Bucket, database: DmpDatabase, contents: Contents, database_url: str
) -> None:
    for number, doi in enumerate(PLANS, 1):
        contents.add_plan(number, f"https://doi.org/{doi}")
    tool = DmpTool(Secret(database_url))
    write_matches(bucket, 40)
    merge_matches(run, tool, MergeSettings())
    before = contents.links()
    assert len(before) == 240

    write_matches(bucket, 20)
    with pytest.raises(MergeError) as failure:
        merge_matches(run, tool, MergeSettings())
    assert failure.value.what == ("the merge would remove 120 of 240 PENDING links, and was stopped before any change")
    assert failure.value.on == "PROCESS_DMPS_MERGE_RELATED_WORKS_MAX_PENDING_REMOVED=0.25, these are 50%"
    assert (
        "dmpworks run process-dmps --run-id 2026-10-01 --start-job merge-related-works "
        "--merge-related-works.max-pending-removed=1" in failure.value.next
    )
    assert contents.links() == before

    merge_matches(run, tool, MergeSettings(max_pending_removed=1))
    assert len(contents.links()) == 120
    write_matches(bucket, 10)  # 60 links are fewer than one plan may have
    merge_matches(run, tool, MergeSettings())
    assert len(contents.links()) == 60
