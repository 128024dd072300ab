"""Plans get the DOIs that their funders list, each award is asked for once, and no failing award loses the others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.process_dmps.enrich.collect import enrich, enrich_plans
from dmpworks.chains.process_dmps.plan_files import read_plans, write_plans
from dmpworks.errors import JobError, SettingsError, TemporaryError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.records import FundedDoi, Plan, PlanAward
from dmpworks.services.http import Http
from dmpworks.services.storage import Bucket
from tests.chains.process_dmps.enrich.apis import CONVERTER, LISTED, NSF, PlantedFunders, addresses
from tests.servers.answers import Answer, Answering, AnswerServer, Asked

NSF_FUNDER = {"funder_name": "National Science Foundation", "funder_ror": "021nxhr62"}
NIH_FUNDER = {"funder_name": "National Institutes of Health", "funder_ror": "01cwqze88"}
BOTH = ("nsf", "nih")
NSF_PAGE = "https://www.nsf.gov/awardsearch/showAward?AWD_ID="


@pytest.fixture
def planted_funders(answers: AnswerServer, data: Path) -> PlantedFunders:
    answers.answering = funders = PlantedFunders(data / "planted" / "funder-awards.json")
    return funders


def nsf_plan(doi: str, *award_ids: str) -> Plan:
    return Plan(doi, awards=tuple(PlanAward(award_id, **NSF_FUNDER) for award_id in award_ids))


def nih_plan(doi: str, *award_ids: str) -> Plan:
    return Plan(doi, awards=tuple(PlanAward(award_id, **NIH_FUNDER) for award_id in award_ids))


def failing(real: Answering, path: str, text: str, answer: Answer) -> Answering:
    """Fail the requests to a path that hold a text; answer all others."""
    return lambda asked: answer if asked.path == path and text in f"{asked.query}" else real(asked)


def test_nsf_lists_dois(http: Http, answers: AnswerServer, planted_funders: PlantedFunders) -> None:
    plans, counts = enrich([nsf_plan("10.48321/d9a", "DMS-2179865")], BOTH, http, addresses(answers.url))
    assert plans[0].funded_dois == (
        FundedDoi("10.93001/j.vqijs.2025.239889", "DMS-2179865", "2179865", NSF_PAGE + "2179865"),
        FundedDoi("10.93006/s24530476zy", "DMS-2179865", "2179865", NSF_PAGE + "2179865"),
    )
    assert counts == Counts(
        read=1,
        written=1,
        also={
            "awards asked for": 1,
            "awards the funder does not know": 0,
            "publications listed": 2,
            "publications without DOI": 0,
            "plans with funded DOIs": 1,
            "funded DOIs": 2,
        },
    )


def test_nih_lists_pubmed_ids_that_become_dois(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans, _ = enrich([nih_plan("10.48321/d9a", "1 R01 GM193934-01A1")], BOTH, http, addresses(answers.url))
    page = "https://reporter.nih.gov/project-details/1000"
    assert plans[0].funded_dois == tuple(
        FundedDoi(doi, "1 R01 GM193934-01A1", "R01GM193934", page) for doi in planted_funders.awards["R01GM193934"]
    )
    assert len(plans[0].funded_dois) == 3


def test_awards_stay_as_they_are_written_and_other_funders_are_not_asked(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    awards = (
        PlanAward("2096340", "Deutsche Forschungsgemeinschaft", "018mejw64"),
        PlanAward("2096340", None, None),
        PlanAward(None, **NSF_FUNDER),
        PlanAward("internally funded", **NSF_FUNDER),
    )
    plans, counts = enrich([Plan("10.48321/d9a", awards=awards)], BOTH, http, addresses(answers.url))
    assert plans == [Plan("10.48321/d9a", awards=awards)]
    assert (counts.also["awards asked for"], answers.asked) == (0, [])


def test_one_award_is_asked_for_once_and_one_converter_call_serves_all(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [
        nsf_plan("10.48321/1", "2096340", "NSF-2096340"),
        nsf_plan("10.48321/2", "https://www.nsf.gov/awardsearch/showAward?AWD_ID=2096340&HistoricalAwards=false"),
        nih_plan("10.48321/3", "R01GM193934", "K99NS119997"),
        nih_plan("10.48321/4", "K99NS119997"),
    ]
    enriched, counts = enrich(plans, BOTH, http, addresses(answers.url))
    assert [len(plan.funded_dois) for plan in enriched] == [8, 4, 6, 3]
    assert [asked.path for asked in answers.asked].count(NSF) == 1
    assert [asked.path for asked in answers.asked].count(CONVERTER) == 1
    assert [asked.path for asked in answers.asked].count(LISTED) == 2
    assert counts.also["awards asked for"] == 3
    assert counts.also["funded DOIs"] == 10


def test_only_the_funders_asked_for_are_asked(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan("10.48321/1", "2096340"), nih_plan("10.48321/2", "K99NS119997")]
    enriched, _ = enrich(plans, ("nsf",), http, addresses(answers.url))
    assert [len(plan.funded_dois) for plan in enriched] == [4, 0]
    enriched, counts = enrich(plans, (), http, addresses(answers.url))
    assert enriched == plans
    assert (counts.read, counts.written) == (2, 2)
    with pytest.raises(SettingsError, match="'ukri' is not a funder"):
        enrich(plans, ("ukri",), http, addresses(answers.url))


def test_awards_that_the_funder_does_not_know_are_counted(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan("10.48321/1", "1898713"), nih_plan("10.48321/2", "1 K99 HL177447-01")]
    enriched, counts = enrich(plans, BOTH, http, addresses(answers.url))
    assert enriched == plans
    assert counts.also["awards the funder does not know"] == 2


def test_one_failing_award_does_not_lose_the_others_answers(
    caching: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan(f"10.48321/{n}", n) for n in ("2096340", "2179865", "2488034")]
    plans.append(nih_plan("10.48321/nih", "K99NS119997"))
    answers.answering = failing(planted_funders, NSF, "2179865", Answer({"response": "down"}))
    with pytest.raises(JobError) as caught:
        enrich(plans, BOTH, caching, addresses(answers.url))
    assert caught.value.what == "1 of 4 awards could not be asked for"
    assert caught.value.on.startswith("2179865: the answer cannot be understood")
    answers.answering, answers.asked = planted_funders, []
    enriched, _ = enrich(plans, BOTH, caching, addresses(answers.url))
    assert [len(plan.funded_dois) for plan in enriched] == [4, 2, 2, 3]
    assert [asked.query["id"] for asked in answers.asked] == ["2179865"]  # only what failed is asked for again


def test_a_funder_that_is_down_is_worth_another_attempt(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan("10.48321/1", "2096340"), nih_plan("10.48321/2", "K99NS119997")]
    answers.answering = failing(planted_funders, NSF, "", Answer({}, 503))
    with pytest.raises(TemporaryError, match="1 of 2 awards could not be asked for"):
        enrich(plans, BOTH, http, addresses(answers.url))
    assert [asked.path for asked in answers.asked].count(CONVERTER) == 1


def test_a_converter_that_is_down_fails_the_awards_that_need_it(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan("10.48321/1", "2096340"), nih_plan("10.48321/2", "K99NS119997", "R01GM193934")]
    answers.answering = failing(planted_funders, CONVERTER, "", Answer({}, 429))
    with pytest.raises(TemporaryError) as caught:
        enrich(plans, BOTH, http, addresses(answers.url))
    assert caught.value.what == "2 of 3 awards could not be asked for"
    assert "K99NS119997: the server is busy or away" in caught.value.on


def test_publications_without_doi_are_looked_up_by_title(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    title = "Snow depth in the northern Alps since 1950"
    listed = [
        f"Snow~2020~1~Doe, J.~1-2~{title}~2021-01-01",
        f"Snow~2020~1~Doe, J.~{title}~2022-01-01",
        "x~y~Unknown title here~z",
    ]

    def answer(asked: Asked) -> Answer:
        if asked.path == NSF:
            return Answer({"response": {"award": [{"publicationResearch": listed}]}})
        if asked.path == "/works" and asked.query["query.title"] == title:
            return Answer({"message": {"items": [{"DOI": "10.5194/SNOW", "title": [title]}]}})
        return planted_funders(asked)

    answers.answering = answer
    plans, counts = enrich([nsf_plan("10.48321/1", "1507101")], BOTH, http, addresses(answers.url))
    assert [funded.doi for funded in plans[0].funded_dois] == ["10.5194/snow"]
    assert counts.also["publications without DOI"] == 1
    assert [asked.path for asked in answers.asked] == [NSF, "/works", "/works", "/dois"]


def test_a_pubmed_central_id_helps_where_there_is_no_pubmed_id(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == LISTED:
            return Answer({"results": [{"pm_id": None, "pmc_id": 77}, {"pm_id": "", "pmc_id": "PMC88"}]})
        if asked.path == CONVERTER and asked.query["idtype"] == "pmcid":
            records = [{"requested-id": "PMC77", "doi": "10.1/A"}, {"requested-id": "88", "doi": "10.1/b"}]
            return Answer({"records": records})
        return planted_funders(asked)

    answers.answering = answer
    plans, _ = enrich([nih_plan("10.48321/1", "K99NS119997")], BOTH, http, addresses(answers.url))
    assert [funded.doi for funded in plans[0].funded_dois] == ["10.1/a", "10.1/b"]


def test_funded_dois_of_an_earlier_answer_are_kept_once(
    http: Http, answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    once, _ = enrich([nsf_plan("10.48321/1", "2488034")], BOTH, http, addresses(answers.url))
    twice, _ = enrich(once, BOTH, http, addresses(answers.url))
    assert twice == once
    assert len(once[0].funded_dois) == 2


def test_the_job_writes_every_plan(
    bucket: Bucket, make_run: Callable[..., Run], answers: AnswerServer, planted_funders: PlantedFunders
) -> None:
    plans = [nsf_plan("10.48321/1", "2096340"), Plan("10.48321/2", title="Nobody pays")]
    write_plans(make_run(bucket, "process-dmps", "sync-dmps"), plans)
    run = make_run(bucket, "process-dmps", "enrich-dmps")
    counts = enrich_plans(run, ("nsf",), addresses(answers.url))
    [file] = run.outputs
    assert (counts.read, counts.written, file.rows) == (2, 2, 2)
    written = list(read_plans(make_run(bucket, "process-dmps", "dmp-works-search").earlier("enrich-dmps")))
    assert [len(plan.funded_dois) for plan in written] == [4, 0]
    assert [plan.doi for plan in written] == ["10.48321/1", "10.48321/2"]
    assert bucket.list("process-dmps/cache/enrich") != []


def test_nobody_is_asked_by_default_with_a_folder_as_bucket(
    bucket: Bucket, make_run: Callable[..., Run], answers: AnswerServer
) -> None:
    write_plans(make_run(bucket, "process-dmps", "sync-dmps"), [nsf_plan("10.48321/1", "2096340")])
    counts = enrich_plans(make_run(bucket, "process-dmps", "enrich-dmps"), None, addresses(answers.url))
    assert (counts.read, counts.written, answers.asked) == (1, 1, [])
    enrich_plans(make_run(bucket, "process-dmps", "enrich-dmps"), ("none",), addresses(answers.url))
    assert answers.asked == []
