"""dmp-works-search on the embedded engine: one line a plan, best works first, nothing that was decided."""

import gzip
import json
from datetime import UTC, date, datetime

import pytest

from dmpworks.chains.process_dmps.match_files import read_matches
from dmpworks.chains.process_dmps.plan_files import read_plans, write_plans
from dmpworks.chains.process_dmps.search import search_plans
from dmpworks.chains.process_dmps.settings import SearchSettings
from dmpworks.errors import JobError, SettingsError
from dmpworks.jobs.model import Counts
from dmpworks.matching.records import Author, Award, Funder, Institution, Plan, PlanAward, Relations, Work
from dmpworks.settings.shared import Search
from tests.chains.process_dmps.works import fill_index

NSF = ("National Science Foundation", "021nxhr62")
ADA = Author(None, "A", "Ada", None, None, "Byron", "Ada Byron")
OTHER_ADA = Author(None, "A", "Anna", None, None, "Byron", "Anna Byron")


def work(name: str, **values) -> Work:
    given = {"title": "On engines", "work_type": "ARTICLE", "publication_date": date(2020, 5, 1)}
    return Work(f"10.5/{name}", **(given | values))


WORKS = [
    work("awarded", awards=(Award("DMR 1507101", *NSF),), funders=(Funder(*NSF),)),
    work("by-ada", title="Difference engines that weave", authors=(ADA,), abstract_text="Looms & engines weave."),
    work("by-ada-on-poetry", title="Poetry", authors=(ADA,)),
    work("supplement", relations=Relations(possible_shared_project_dois=("10.5/known",))),
    work("of-another", authors=(OTHER_ADA,), title="Difference engines that weave"),
    work("another-funder", awards=(Award("1507101", "European Commission", "00k4n6c32"),)),
    work("too-early", authors=(ADA,), publication_date=date(2018, 12, 31)),
    work("too-late", authors=(ADA,), publication_date=date(2025, 1, 1)),
    work("a-plan", authors=(ADA,), work_type="OUTPUT_MANAGEMENT_PLAN"),
    work("known", authors=(ADA,)),
    work("refused", authors=(ADA,)),
    work("unrelated", title="Engines that weave", institutions=(Institution("University of Alham"),)),
]

PLAN = Plan(
    "10.48321/a",
    title="Weaving with difference engines",
    project_start=date(2019, 1, 1),
    project_end=date(2021, 12, 31),
    modified=datetime(2024, 3, 1, 12, tzinfo=UTC),
    authors=(ADA,),
    institutions=(Institution("University of Alham"),),
    awards=(PlanAward("1507101", *NSF),),
    accepted_dois=("10.5/known",),
    rejected_dois=("10.5/refused",),
)
LONELY = Plan("10.48321/b", title="Nobody's plan", modified=datetime(2024, 2, 29, 23, 59, tzinfo=UTC))
UNDATED = Plan("10.48321/c", authors=(ADA,))
EMBEDDED = Search(search_engine="embedded")


@pytest.fixture
def world(bucket, make_run):
    """A bucket whose index holds the works, and whose run has plans to search for."""
    fill_index(bucket, EMBEDDED, WORKS)
    write_plans(make_run(bucket, "process-dmps", "enrich-dmps"), [PLAN, LONELY, UNDATED])
    return bucket


def test_what_is_found_and_in_which_order(world, make_run) -> None:
    run = make_run(world, "process-dmps", "dmp-works-search")
    counts = search_plans(run, EMBEDDED, SearchSettings())
    plans = {plan.dmp_doi: plan.works for plan in read_matches(run.earlier("dmp-works-search"))}
    assert list(plans) == ["10.48321/a", "10.48321/b", "10.48321/c"]
    assert [match.work.doi for match in plans["10.48321/a"]] == [
        "10.5/awarded",
        "10.5/supplement",
        "10.5/by-ada",
        "10.5/by-ada-on-poetry",
    ]
    assert plans["10.48321/b"] == ()
    assert "10.5/known" in {match.work.doi for match in plans["10.48321/c"]}  # decided for another plan only
    assert counts == Counts(
        read=3, written=3, also={"works found": 4 + len(plans["10.48321/c"]), "plans without a work": 1}
    )
    best, _, by_ada, *_ = plans["10.48321/a"]
    assert [match.score_max for match in plans["10.48321/a"]] == [best.score] * 4
    assert by_ada.content_match.title_highlight == "<mark>Difference</mark> engines that weave"
    assert by_ada.work == WORKS[1]


def test_the_file_is_one_line_a_plan(world, make_run) -> None:
    run = make_run(world, "process-dmps", "dmp-works-search")
    search_plans(run, EMBEDDED, SearchSettings())
    (file,) = run.outputs
    assert file.rows == 3
    assert file.key == f"process-dmps/2026-10-01/dmp-works-search/matches_0000-{run.token}.jsonl.gz"
    lines = [json.loads(line) for line in gzip.decompress(world.get(file.key)).splitlines()]
    assert [sorted(line) for line in lines] == [["dmpDoi", "works"]] * 3
    assert lines[1] == {"dmpDoi": "10.48321/b", "works": []}
    assert lines[0]["works"][0]["awardMatches"] == [
        {"index": 0, "score": 1.0, "fields": ["awards.awardId", "awards.funderRor"]}
    ]


def test_limits(world, make_run) -> None:
    run = make_run(world, "process-dmps", "dmp-works-search")
    search_plans(run, EMBEDDED, SearchSettings(results=2))
    plan, *_ = read_matches(run.earlier("dmp-works-search"))
    assert [match.work.doi for match in plan.works] == ["10.5/awarded", "10.5/supplement"]


def test_only_plans_modified_since_a_day(world, make_run) -> None:
    run = make_run(world, "process-dmps", "dmp-works-search")
    counts = search_plans(run, EMBEDDED, SearchSettings(), modified_since="2024-03-01")
    found = [plan.dmp_doi for plan in read_matches(run.earlier("dmp-works-search"))]
    assert found == ["10.48321/a", "10.48321/c"]  # who knows when the undated one was modified
    assert (counts.read, counts.written, counts.dropped) == (3, 2, {"not modified since": 1})
    with pytest.raises(SettingsError, match="PROCESS_DMPS_MODIFIED_SINCE cannot be 'yesterday'"):
        search_plans(run, EMBEDDED, SearchSettings(), modified_since="yesterday")


def test_many_plans_go_in_batches_and_come_out_in_order(world, make_run) -> None:
    plans = [Plan(f"10.48321/{number:04}", authors=(ADA,)) for number in range(450)]
    write_plans(make_run(world, "process-dmps", "enrich-dmps", "2026-10-02"), plans)
    run = make_run(world, "process-dmps", "dmp-works-search", "2026-10-02")
    counts = search_plans(run, EMBEDDED, SearchSettings(workers=2))
    assert [file.rows for file in run.outputs] == [200, 200, 50]
    found = list(read_matches(run.earlier("dmp-works-search")))
    assert [plan.dmp_doi for plan in found] == [plan.doi for plan in plans]
    assert (counts.read, counts.written) == (450, 450)
    assert all([match.work for match in plan.works] == [match.work for match in found[0].works] for plan in found)


@pytest.mark.parametrize("damage", ["cut short", "a byte changed", "not what it should hold"])
def test_a_damaged_file_of_plans_or_matches_is_named_with_the_job_that_writes_it(world, make_run, damage) -> None:
    run = make_run(world, "process-dmps", "dmp-works-search")
    search_plans(run, EMBEDDED, SearchSettings())
    for job, read in (("dmp-works-search", read_matches), ("enrich-dmps", read_plans)):
        (stored,) = world.list(f"process-dmps/2026-10-01/{job}")
        content = world.get(stored.key)
        broken = {
            "cut short": content[:100],
            "a byte changed": content[:200] + bytes([content[200] ^ 255]) + content[201:],
            "not what it should hold": gzip.compress(b'{"works": 1}\n'),
        }
        world.put(stored.key, broken[damage])
        with pytest.raises(JobError) as failure:
            list(read(run.earlier(job)))
        assert failure.value.what.endswith("is damaged")
        assert stored.key in failure.value.on
        assert f"dmpworks run process-dmps --run-id 2026-10-01 --start-job {job} (or" in failure.value.next
