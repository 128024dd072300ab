"""The whole chain with the funders' APIs on loopback: what NSF and NIH list comes into matches and database."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest

from dmpworks.chains.process_dmps.match_files import read_matches
from dmpworks.jobs.run import Phase
from dmpworks.matching.matches import DoiMatch, DoiSource
from dmpworks.matching.records import Author, Work
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.settings.shared import Search
from tests.chains.process_dmps.enrich.apis import PlantedFunders, addresses
from tests.chains.process_dmps.works import fill_index
from tests.conftest import DATA
from tests.end_to_end.world import manifest, run_chains, settings
from tests.servers.answers import AnswerServer

NSF_PAGE = "https://www.nsf.gov/awardsearch/showAward?AWD_ID=2096340"
# The plan's own spelling of its award, and the award as the funder knows it.
BY_NSF = DoiSource(f"{NSF_PAGE}&HistoricalAwards=false", "2096340", NSF_PAGE)
BY_NIH = DoiSource("1R01GM193934-01A1", "R01GM193934", "https://reporter.nih.gov/project-details/1000")
AWARDS = {"2096340": ("10.48321/d9ur2xme", BY_NSF), "R01GM193934": ("10.48321/d9eivv6e", BY_NIH)}
STRANGER = (Author(given_name="Zora", surname="Unheard", full="Zora Unheard"),)


@pytest.fixture(scope="module")
def funders() -> Iterator[AnswerServer]:
    server = AnswerServer()
    server.answering = PlantedFunders(DATA / "planted/funder-awards.json")
    yield server
    server.close()


@pytest.fixture(scope="module")
def listed(funders: AnswerServer) -> dict[tuple[str, str], DoiSource]:
    """The pairs of plan and work that only the funder's list connects."""
    awards = funders.answering.awards  # type: ignore[attr-defined]
    return {(plan, doi): source for award, (plan, source) in AWARDS.items() for doi in awards[award]}


@pytest.fixture(scope="module")
def enriched(tmp_path_factory, funders: AnswerServer, listed: dict[tuple[str, str], DoiSource]) -> Bucket:
    """A bucket after process-dmps: its index has the listed works, by nobody the plans know, and one that is not."""
    folder: Path = tmp_path_factory.mktemp("enriched")
    shutil.copytree(DATA / "planted/dmps", folder / "bucket/dmps")
    bucket = open_bucket(f"{folder}/bucket")
    dois = dict.fromkeys([*(doi for _, doi in listed), "10.5/not-listed"])
    works = [
        Work(doi, "0" * 32, f"Title of {doi}", publication_date=date(2016, 1, 1), authors=STRANGER) for doi in dois
    ]
    fill_index(bucket, Search(search_engine="embedded"), works)
    apis = {
        f"PROCESS_DMPS_ENRICH_DMPS_{name.upper()}": url for name, url in asdict(addresses(funders.url)).items() if url
    }
    run_chains(settings(bucket.name, PROCESS_DMPS_ENRICH_FUNDERS="nsf,nih", **apis), folder, ("process-dmps",))
    return bucket


def test_the_funders_were_asked(enriched: Bucket) -> None:
    counts = manifest(enriched, "process-dmps", "enrich-dmps").counts
    assert (counts.read, counts.written) == (40, 40)
    assert (counts.also["plans with funded DOIs"], counts.also["funded DOIs"]) == (7, 17)


def test_listed_works_are_found_by_the_list_alone(enriched: Bucket, listed: dict[tuple[str, str], DoiSource]) -> None:
    files = manifest(enriched, "process-dmps", "dmp-works-search").files
    plans = read_matches(Phase("", files, None, enriched, enriched.root))
    found = {(plan.dmp_doi, match.work.doi): match for plan in plans for match in plan.works}
    assert {pair: match.doi_match for pair, match in found.items()} == {
        pair: DoiMatch(True, 1.0, (source,)) for pair, source in listed.items()
    }
    assert all(match.author_matches == () for match in found.values())


def test_the_database_holds_why(enriched: Bucket, listed: dict[tuple[str, str], DoiSource]) -> None:
    query = """
        select lower(replace(p.dmpId, 'https://doi.org/', '')), w.doi, r.doiMatch from relatedWorks r
        join plans p on p.id = r.planId join workVersions v on v.id = r.workVersionId join works w on w.id = v.workId
        where r.status = 'PENDING'
    """
    with sqlite3.connect(enriched.root / "local/dmp-tool.sqlite") as database:
        stored = {(plan, doi): json.loads(text) for plan, doi, text in database.execute(query)}
    assert stored == {
        pair: {
            "found": True,
            "score": 1.0,
            "sources": [
                {"parentAwardId": source.parent_award_id, "awardId": source.award_id, "awardUrl": source.award_url}
            ],
        }
        for pair, source in listed.items()
    }
