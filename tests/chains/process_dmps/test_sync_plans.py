"""What sync-dmps takes over from an upload or a database, and what it hands on."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from dmpworks.chains.process_dmps.database_plans import open_dmp_database
from dmpworks.chains.process_dmps.decisions import load_upload, modified_by_decisions
from dmpworks.chains.process_dmps.jobs import sync_dmps
from dmpworks.chains.process_dmps.merge import merge
from dmpworks.chains.process_dmps.plan_files import read_lines
from dmpworks.chains.process_dmps.settings import PlanSettings, UploadSettings
from dmpworks.errors import JobError, SettingsError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from dmpworks.services.search import open_engine
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.settings.declare import Secret
from dmpworks.settings.shared import BadRecords, DmpTool, Search
from tests.chains.process_dmps.found import match, matches
from tests.services.database.contents import Contents

DAY = "2026-10-01"
UPLOAD = f"dmps/{DAY}/download"
EXPORT = f"{UPLOAD}/coki-dmps_{DAY}_1.jsonl.gz"
Synced = tuple[Counts, list[Plan]]
Sync = Callable[..., Synced]


@pytest.fixture
def world(tmp_path: Path, data: Path) -> Bucket:
    """A folder bucket with the planted plans and nothing else."""
    shutil.copytree(data / "planted" / "dmps", tmp_path / "bucket" / "dmps")
    shutil.copytree(data / "planted" / "meta", tmp_path / "bucket" / "meta")
    return open_bucket(str(tmp_path / "bucket"))


@pytest.fixture
def run_sync(world: Bucket, make_run: Callable[..., Run]) -> Sync:
    """Run the job's body with settings as given; returns its counts and the plans it wrote."""

    def run_job(url: str | None = None, max_bad_records: float = 0.001, **settings: object) -> Synced:
        run = make_run(world, "process-dmps", "sync-dmps")
        tool = DmpTool(Secret(url) if url else None)
        plans = PlanSettings(**settings)  # type: ignore[arg-type]
        counts = sync_dmps(run, plans, UploadSettings(DAY), tool, Search(), BadRecords(max_bad_records))
        (output,) = [file for file in run.outputs if "plans" in file.key]
        lines = read_lines(world.local(output.key, run.scratch))
        return counts, [msgspec.json.decode(line, type=Plan) for line in lines]

    return run_job


@pytest.fixture
def embedded(world: Bucket) -> Iterator[DmpDatabase]:
    """The embedded database of the bucket."""
    database = open_dmp_database(DmpTool(), world)
    yield database
    database.close()


def test_the_planted_export_gives_the_expected_counts(run_sync: Sync) -> None:
    counts, plans = run_sync()

    assert (counts.read, counts.written, len(plans)) == (43, 40, 40)
    assert counts.dropped == {"older state": 1, "no dmp_id": 1, "starts in or before 1900": 1}
    assert counts.accounted
    assert (counts.also["plans without start"], counts.also["plans without end"]) == (3, 2)
    assert counts.also["accepted works"] == 13


def test_known_outputs_become_accepted_works(run_sync: Sync, embedded: DmpDatabase, world: Bucket) -> None:
    _, plans = run_sync()
    known = msgspec.json.decode(world.get(f"{UPLOAD}/known-outputs.json"))
    assert {plan.doi: list(plan.accepted_dois) for plan in plans if plan.accepted_dois} == known

    contents = Contents(f"sqlite:///{world.root}/local/dmp-tool.sqlite")
    links = contents.links()
    assert {(link["status"], link["sourceType"], link["title"]) for link in links.values()} == {
        ("ACCEPTED", "USER_ADDED", None)
    }
    assert sorted(doi for _, doi in links) == sorted(doi for dois in known.values() for doi in dois)


def test_known_outputs_survive_merges_and_syncs(run_sync: Sync, embedded: DmpDatabase, world: Bucket) -> None:
    run_sync()
    contents = Contents(f"sqlite:///{world.root}/local/dmp-tool.sqlite")
    before = contents.links()
    plan, (known,) = next(iter(msgspec.json.decode(world.get(f"{UPLOAD}/known-outputs.json")).items()))

    merge([matches(match(known, plan=plan), match("10.1/new", plan=plan), plan=plan)], embedded)
    run_sync()
    merge([matches(plan=plan)], embedded)

    assert contents.links() == before


def test_a_pending_link_that_the_upload_calls_known_is_accepted(
    run_sync: Sync, embedded: DmpDatabase, world: Bucket
) -> None:
    known = world.get(f"{UPLOAD}/known-outputs.json")
    world.delete([f"{UPLOAD}/known-outputs.json"])
    plan, (doi,) = next(iter(msgspec.json.decode(known).items()))
    run_sync()
    merge([matches(match(doi, plan=plan, score=7.5), plan=plan)], embedded)

    world.put(f"{UPLOAD}/known-outputs.json", known)
    run_sync()

    links = Contents(f"sqlite:///{world.root}/local/dmp-tool.sqlite").links()
    (link,) = [link for (_, work), link in links.items() if work == doi]
    assert (link["status"], link["sourceType"], link["score"]) == ("ACCEPTED", "SYSTEM_MATCHED", 7.5)


def test_a_rejected_work_stays_rejected_though_the_upload_knows_it(
    run_sync: Sync, embedded: DmpDatabase, world: Bucket
) -> None:
    run_sync()
    contents = Contents(f"sqlite:///{world.root}/local/dmp-tool.sqlite")
    (plan, doi) = sorted(contents.links())[0]
    contents.decide(plan, doi, "REJECTED")

    counts, plans = run_sync()

    assert contents.statuses()[plan, doi] == "REJECTED"
    assert (counts.also["accepted works"], counts.also["rejected works"]) == (12, 1)
    assert [p.rejected_dois for p in plans if p.rejected_dois] == [(doi,)]


def test_a_second_sync_gives_the_same(run_sync: Sync) -> None:
    first, plans = run_sync()
    assert run_sync() == (first, plans)


def test_the_index_of_plans_holds_just_these_plans(run_sync: Sync, world: Bucket) -> None:
    run_sync()
    counts, plans = run_sync(use_subset=True)

    engine = open_engine(Search(), world, None)
    assert set(engine.ids("dmps")) == {plan.doi for plan in plans}
    found = engine.fetch("dmps", [plans[0].doi])[plans[0].doi]
    assert msgspec.json.decode(found, type=Plan) == plans[0]
    assert counts.also["plans removed from the index"] == 40 - len(plans)


def test_a_subset_leaves_the_other_plans_out_and_counts_them(run_sync: Sync, world: Bucket) -> None:
    counts, plans = run_sync(use_subset=True)

    listed = set(msgspec.json.decode(world.get("meta/dmp_dois.json")))
    assert listed <= {plan.doi for plan in plans}
    assert counts.dropped["not in subset"] == 40 - len(plans) > 0
    assert counts.accounted


def test_a_subset_that_is_not_there(run_sync: Sync, world: Bucket) -> None:
    world.delete(["meta/dmp_dois.json", "meta/dmp_institutions.json"])
    with pytest.raises(JobError) as failure:
        run_sync(use_subset=True)
    assert "meta/dmp_dois.json" in failure.value.on


def test_plans_of_a_database_are_those_that_filled_it(
    run_sync: Sync, database: DmpDatabase, contents: Contents, database_url: str, world: Bucket
) -> None:
    _, uploaded = run_sync()
    known = msgspec.json.decode(world.get(f"{UPLOAD}/known-outputs.json"))
    load_upload(database, uploaded, known)

    counts, plans = run_sync(url=database_url, plans_from="database")

    assert (counts.read, counts.written, counts.accounted) == (40, 40, True)
    for plan, other in zip(plans, uploaded, strict=True):
        assert (plan.doi, plan.title, plan.abstract_text) == (other.doi, other.title, other.abstract_text)
        assert (plan.project_start, plan.project_end) == (other.project_start, other.project_end)
        assert (plan.modified, plan.accepted_dois) == (other.modified, other.accepted_dois)
        assert [award.award_id for award in plan.awards] == [award.award_id for award in other.awards]
        assert [author.orcid for author in plan.authors] == [author.orcid for author in other.authors]


def test_an_upload_does_not_change_a_database_that_is_not_ours(
    run_sync: Sync, database: DmpDatabase, contents: Contents, database_url: str
) -> None:
    contents.add_plan(1, "https://doi.org/10.48321/D96H08LL", title="As the DMP Tool has it")
    contents.insert("works", {"id": 1, "doi": "10.1/rejected"})
    contents.insert("workVersions", {"id": 1, "workId": 1, "hash": bytes(16)})
    link = {"sourceType": "SYSTEM_MATCHED", "status": "REJECTED"}
    contents.insert("relatedWorks", link | {"planId": 1, "workVersionId": 1})
    before = contents.everything()

    counts, plans = run_sync(url=database_url)

    assert contents.everything() == before
    assert len(plans) == 40
    assert [plan.doi for plan in plans if plan.rejected_dois] == ["10.48321/d96h08ll"]
    assert counts.also["accepted works"] == 0


def test_a_decision_makes_a_plan_modified(run_sync: Sync, embedded: DmpDatabase, world: Bucket) -> None:
    _, before = run_sync()
    contents = Contents(f"sqlite:///{world.root}/local/dmp-tool.sqlite")
    start = datetime.now(UTC)
    merge([matches(match("10.1/new", plan=before[3].doi), plan=before[3].doi)], embedded)
    _, found = run_sync()
    assert found == before  # what the system finds is no decision
    plan = {row["dmpId"].removeprefix("https://doi.org/"): row["id"] for row in contents.rows("plans")}[before[3].doi]
    contents.decide(plan, "10.1/new", "REJECTED")

    _, after = run_sync()
    _, later = run_sync()

    changed = [plan for plan, old in zip(after, before, strict=True) if plan.modified != old.modified]
    assert [plan.doi for plan in changed] == [before[3].doi]
    assert changed[0].modified is not None and changed[0].modified >= start
    assert later == after  # once only


def test_a_plan_that_the_index_does_not_have_keeps_its_time() -> None:
    plan = Plan("10.48321/d1", modified=datetime(2024, 1, 1, tzinfo=UTC), accepted_dois=("10.1/a",))
    assert modified_by_decisions([plan], {}, datetime(2026, 1, 1, tzinfo=UTC)) == [plan]


def test_too_many_bad_lines_stop_the_job(run_sync: Sync, world: Bucket) -> None:
    add_lines(world, b"{broken\n")
    with pytest.raises(JobError) as failure:
        run_sync()
    assert failure.value.what == "1 of 44 lines are no plans, more than MAX_BAD_RECORDS=0.001 allows"
    assert "line 44" in failure.value.on


def test_few_bad_lines_are_set_aside_and_counted(run_sync: Sync, world: Bucket) -> None:
    add_lines(world, b"{broken\n")
    counts, plans = run_sync(max_bad_records=0.1)
    assert (counts.read, counts.quarantined, len(plans), counts.accounted) == (44, 1, 40, True)


def add_lines(world: Bucket, lines: bytes) -> None:
    world.put(EXPORT, gzip.compress(gzip.decompress(world.get(EXPORT)) + lines))


def test_a_file_that_ends_early_stops_the_job(run_sync: Sync, world: Bucket) -> None:
    world.put(EXPORT, world.get(EXPORT)[:-200])
    with pytest.raises(JobError) as failure:
        run_sync()
    assert failure.value.what == "an uploaded file cannot be read to its end"
    assert EXPORT in failure.value.on


def test_known_outputs_that_are_no_json_stop_the_job(run_sync: Sync, world: Bucket) -> None:
    world.put(f"{UPLOAD}/known-outputs.json", b'{"10.48321/d1": "10.1/a"}')
    with pytest.raises(JobError) as failure:
        run_sync()
    assert failure.value.what == "the known outputs cannot be read"


def test_a_bucket_on_s3_needs_a_database() -> None:
    with pytest.raises(SettingsError) as failure:
        open_dmp_database(DmpTool(), Bucket("memory:"))
    assert failure.value.what == "DMP_DATABASE_URL is not set"
