"""NSF's texts, NIH's lists, PubMed ids and titles become DOIs, as the recorded APIs answer."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from dmpworks.chains.process_dmps.enrich import nih, nsf, pubmed, titles
from dmpworks.chains.process_dmps.enrich.publications import Publication
from dmpworks.errors import TemporaryError
from dmpworks.matching.comparison.awards import NihAward, NsfAward, parse_nih
from dmpworks.matching.records import PlanAward
from dmpworks.services.http import Http
from tests.chains.process_dmps.enrich.apis import CONVERTER, OLD_CONVERTER, Recorded, addresses
from tests.servers.answers import Answer, AnswerServer, Asked

DOIS_OF_1507101 = {
    "10.1016/j.surfrep.2018.08.001", "10.1063/1.5143061", "10.1038/ncomms8358", "10.1016/j.susc.2014.11.016",
    "10.1016/j.susc.2016.11.003", "10.1021/acs.nanolett.8b02123", "10.1021/acs.jpcc.9b12023",
    "10.1021/acs.jpcc.0c07517", "10.1021/acs.jpcc.0c07316", "10.1021/acs.jctc.1c00630", "10.1063/5.0048920",
    "10.3390/cryst9040218", "10.1021/acs.inorgchem.8b00281",
}  # fmt: skip


def test_nsf_lists_publications(http: Http, answers: AnswerServer, recorded: Path) -> None:
    answers.answering = Recorded(recorded, "nsf_fetch_award_publication_dois_1507101")
    answer = nsf.fetch_award(NsfAward("1507101"), http, addresses(answers.url))
    assert answer is not None
    assert (answer.award_id, answer.url) == ("1507101", "https://www.nsf.gov/awardsearch/showAward?AWD_ID=1507101")
    assert {item.doi for item in answer.publications} == DOIS_OF_1507101
    assert len(answer.publications) == 13


def test_an_award_that_nsf_does_not_know(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"response": {"metadata": {"totalCount": 0}, "award": []}}))
    assert nsf.fetch_award(NsfAward("1000000"), http, addresses(answers.url)) is None


def test_an_nsf_award_without_publications(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"response": {"award": [{}]}}))
    answer = nsf.fetch_award(NsfAward("1507102"), http, addresses(answers.url))
    assert answer is not None
    assert answer.publications == ()


TEXTS = [
    (
        "Surface Science~2016~657~Koirala, P.~10.1016/J.SUSC.2016.11.003~15~Surface~2017-05-17",
        "10.1016/j.susc.2016.11.003",
    ),
    ("Nature~2020~1~Doe, J.~https://doi.org/10.1038/x1~A title~2021-12-06 08:27:14.013", "10.1038/x1"),
    ("Nature~2020~1~Doe, J.~doi:10.1038/x1.~A title~2021-12-06", "10.1038/x1"),
    ("only 10.1038/x1 here", "10.1038/x1"),
]


@pytest.mark.parametrize(("text", "doi"), TEXTS)
def test_the_doi_stands_anywhere_in_nsfs_text(text: str, doi: str) -> None:
    assert nsf.publication(text) == Publication(doi=doi)


def test_without_doi_the_title_stands_next_to_last() -> None:
    text = "IEEE Trans &amp; Co~2009~35~Moody, D.~756-779~The <i>Physics</i> of Notations~2012-01-01"
    assert nsf.publication(text) == Publication(title="The Physics of Notations", journal="IEEE Trans & Co")
    assert nsf.publication("") == Publication()


FUNDED = [
    ("1507101", "National Science Foundation", "021nxhr62", True),
    ("DMR-1507101", "National Science Foundation", None, True),
    ("1507101", "U.S. National Science Foundation (NSF)", None, True),
    ("1507101", "National Natural Science Foundation of China", None, False),
    ("1507101", "National Science Foundation", "01h0zpd94", False),
    ("1507101", None, None, False),
    ("tbd", "National Science Foundation", "021nxhr62", False),
    (None, "National Science Foundation", "021nxhr62", False),
]


@pytest.mark.parametrize(("award_id", "name", "ror", "is_nsfs"), FUNDED)
def test_an_award_is_nsfs_by_ror_or_name(
    award_id: str | None, name: str | None, ror: str | None, is_nsfs: bool
) -> None:
    found = nsf.parse_award(PlanAward(award_id, name, ror))
    assert found == (NsfAward("1507101") if is_nsfs else None)


@pytest.mark.parametrize(
    ("name", "ror", "is_nihs"),
    [
        ("National Institutes of Health", None, True),
        ("anything", "01cwqze88", True),
        ("NIH", None, True),
        ("National Institute of General Medical Sciences", "04q48ey07", True),
        ("National Heart, Lung, and Blood Institute", None, True),
        ("Wellcome Trust", "029chgv08", False),
        ("National Institutes of Health", "00f54p054", False),
        (None, None, False),
    ],
)
def test_an_award_is_nihs_by_ror_name_or_institute(name: str | None, ror: str | None, is_nihs: bool) -> None:
    found = nih.parse_award(PlanAward("1R01GM193934-01A1", name, ror))
    assert found == (parse_nih("1R01GM193934-01A1") if is_nihs else None)


def test_nih_finds_the_application_and_its_publications(http: Http, answers: AnswerServer, recorded: Path) -> None:
    applications = Recorded(recorded, "nih_core_project_to_appl_ids")
    listed = {"core_project_num": "P41GM108569", "pm_id": 38286823, "pmc_id": 10990768, "pub_title": "A <b>title</b>"}
    answers.answering = lambda asked: (
        applications(asked) if asked.method == "POST" else Answer({"results": [listed] * 2})
    )
    answer = nih.fetch_award(parse_nih("5P41GM108569-08"), http, addresses(answers.url))
    assert answer is not None
    assert (answer.award_id, answer.url) == ("P41GM108569", "https://reporter.nih.gov/project-details/10438555")
    assert answer.publications == (Publication(title="A title", pmid="38286823", pmcid="10990768"),)
    # The list is the same for each of the seven applications: one call is enough.
    assert [asked.query.get("projectId") for asked in answers.asked] == [None, "10438555"]


def test_nih_is_asked_for_the_project_when_the_application_is_not_known(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"results": []}), Answer({"results": [{"appl_id": 5}]}), Answer({"results": []}))
    answer = nih.fetch_award(NihAward("AI", "176039", "1", "R01", "01", "A1"), http, addresses(answers.url))
    assert answer is not None
    assert (answer.award_id, answer.publications) == ("R01AI176039", ())
    assert b'"project_nums":["1R01AI176039-01A1"]' in answers.asked[0].body
    split = b'"project_num_split":{"activity_code":"R01","ic_code":"AI","serial_num":"176039"}'
    assert split in answers.asked[1].body


def test_an_award_that_nih_does_not_know(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"results": []}))
    assert nih.fetch_award(NihAward("AI", "176039"), http, addresses(answers.url)) is None
    assert len(answers.asked) == 1


def test_recorded_publications_of_an_nih_project(http: Http, answers: AnswerServer, recorded: Path) -> None:
    replies = Recorded(recorded, "nih_fetch_award_publication_dois")
    found = Answer({"results": [{"appl_id": 10808782, "project_num": "1K01DA058152-01A1"}]})
    answers.answering = lambda asked: found if asked.method == "POST" else replies(asked)
    at = addresses(answers.url, pubmed_converter_url=answers.url + OLD_CONVERTER)
    answer = nih.fetch_award(parse_nih("K01DA058152"), http, at)
    assert answer is not None
    assert [(item.pmid, item.pmcid, item.doi) for item in answer.publications] == [("39458976", "11509978", None)]
    # The address of old answers with a redirect.
    assert pubmed.dois_of(["39458976"], "pmid", http, at) == ({"39458976": "10.3390/ph17101335"}, {})


BATCHES = [
    ("pmid", {"39747675": "10.1038/s41596-024-01091-y", "38286823": "10.1021/jasms.3c00435",
              "38096378": "10.1021/acs.jproteome.3c00430"}),
    ("pmcid", {"10990768": "10.1021/jasms.3c00435", "10874502": "10.1021/acs.jproteome.3c00430",
               "10908861": "10.1038/s41467-024-46240-9"}),
]  # fmt: skip


@pytest.mark.parametrize(("id_type", "dois"), BATCHES)
def test_recorded_ids_become_dois(
    http: Http, answers: AnswerServer, recorded: Path, id_type: str, dois: dict[str, str]
) -> None:
    replies = Recorded(recorded, "pubmed_ids_to_dois_batch")

    def any_order(asked: Asked) -> Answer:
        assert asked.query["ids"].split(",") == sorted(dois, key=int)
        recorded_query = {**asked.query, "ids": ",".join(dois)}
        return replies(Asked(asked.method, asked.path, recorded_query, asked.headers, asked.body))

    answers.answering = any_order
    assert pubmed.dois_of(dois, id_type, http, addresses(answers.url)) == (dois, {})
    assert (answers.asked[0].query["tool"], answers.asked[0].query["email"]) == ("dmpworks", "someone@example.org")


def test_ids_are_converted_in_batches_and_one_failing_batch_loses_no_other(http: Http, answers: AnswerServer) -> None:
    def convert(asked: Asked) -> Answer:
        ids = asked.query["ids"].split(",")
        if "250" in ids:
            return Answer({}, 503)
        known = [{"requested-id": id, "doi": f"10.1/{id}"} for id in ids if id != "7"]
        return Answer({"records": [*known, {"requested-id": "7", "status": "error", "errmsg": "not in PMC"}]})

    answers.answering = convert
    found, failed = pubmed.dois_of((str(n) for n in range(1, 451)), "pmid", http, addresses(answers.url))
    assert found == {str(n): f"10.1/{n}" for n in (*range(1, 201), *range(401, 451)) if n != 7}
    assert sorted(failed, key=int) == [str(n) for n in range(201, 401)]
    assert all(isinstance(error, TemporaryError) for error in failed.values())
    assert [len(asked.query["ids"].split(",")) for asked in answers.asked] == [200, 200, 200, 200, 50]
    assert {asked.path for asked in answers.asked} == {CONVERTER}


CROSSREF = [
    (
        "Usability Analysis of Visual Programming Environments: A \u2018Cognitive Dimensions\u2019 Framework",
        "Journal of Visual Languages & Computing",
        "10.1006/jvlc.1996.0009",
    ),
    (
        "The \u201cPhysics\u201d of Notations: Toward a Scientific Basis for Constructing Visual Notations in Software "
        "Engineering",
        "IEEE Transactions on software engineering",
        "10.1109/tse.2009.67",
    ),
]


@pytest.mark.parametrize(("title", "journal", "doi"), CROSSREF)
def test_recorded_titles_are_found_in_crossref(
    http: Http, answers: AnswerServer, recorded: Path, title: str, journal: str, doi: str
) -> None:
    answers.answering = Recorded(recorded, "find_crossref_doi")
    assert titles.doi_of(Publication(title=title, journal=journal), http, addresses(answers.url)) == doi


def found_by_title(
    http: Http, answers: AnswerServer, title: str, crossref: str, *datacite: Mapping[str, object]
) -> str | None:
    """Ask for a title where Crossref has one work of another title and DataCite these records."""
    items = [{"DOI": "10.1/CROSSREF", "title": [crossref]}, {"DOI": "10.1/none"}]
    data = [{"attributes": record} for record in datacite]
    answers.answering = lambda asked: Answer(
        {"message": {"items": items}} if asked.path == "/works" else {"data": data}
    )
    return titles.doi_of(Publication(title=title), http, addresses(answers.url))


TITLE = "A long-term record of snow depth in the northern Alps"


def test_a_title_counts_from_95_per_cent_in_crossref(http: Http, answers: AnswerServer) -> None:
    assert found_by_title(http, answers, TITLE, TITLE.upper() + ".") == "10.1/crossref"
    assert found_by_title(http, answers, TITLE, TITLE.replace("Alps", "Alp")) == "10.1/crossref"
    assert found_by_title(http, answers, TITLE, TITLE.replace("snow depth", "avalanches")) is None


def test_a_title_counts_from_99_per_cent_in_datacite(http: Http, answers: AnswerServer) -> None:
    record = {"doi": "10.5281/ZENODO.2", "titles": [{"title": "Other"}, {"title": TITLE.title()}]}
    assert found_by_title(http, answers, TITLE, "nothing alike", record) == "10.5281/zenodo.2"
    near = {"doi": "10.5281/zenodo.2", "titles": [{"title": TITLE.replace("northern", "southern")}]}
    assert found_by_title(http, answers, TITLE, "nothing alike", near) is None
    assert answers.asked[-1].query == {"query": f'titles.title:"{TITLE}"', "sort": "relevance"}


def test_the_version_of_record_is_preferred(http: Http, answers: AnswerServer) -> None:
    plain = {"doi": "10.5281/zenodo.9", "titles": [{"title": TITLE}], "relatedIdentifiers": []}
    related = [
        {"relationType": "IsSupplementTo", "relatedIdentifier": "10.1/article"},
        {"relationType": "IsVersionOf", "relatedIdentifier": "https://doi.org/10.5281/zenodo.1"},
    ]
    version = {"doi": "10.5281/zenodo.2", "titles": [{"title": TITLE}], "relatedIdentifiers": related}
    assert found_by_title(http, answers, TITLE, "nothing alike", plain, version) == "10.5281/zenodo.1"


def test_quotes_in_a_title_do_not_end_the_question(http: Http, answers: AnswerServer) -> None:
    assert found_by_title(http, answers, r'On "being" here \ now', "nothing alike") is None
    assert answers.asked[-1].query["query"] == r'titles.title:"On \"being\" here \\ now"'


@pytest.mark.parametrize("title", [None, "", "Editorial", "Data set", "\N{EM DASH} \N{EM DASH} \N{EM DASH}"])
def test_titles_that_say_too_little_are_not_asked_for(http: Http, answers: AnswerServer, title: str | None) -> None:
    assert titles.doi_of(Publication(title=title), http, addresses(answers.url)) is None
    assert answers.asked == []
