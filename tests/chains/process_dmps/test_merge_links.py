"""What a merge adds, refreshes, removes and leaves alone, in SQLite and MariaDB alike."""

from datetime import date, datetime

import pytest

from dmpworks.chains.process_dmps.merge import merge
from dmpworks.matching.matches import ItemMatch
from dmpworks.matching.records import Author
from dmpworks.services.database import DmpDatabase
from tests.chains.process_dmps.found import PLAN, match, matches, work
from tests.services.database.contents import Contents

A, B, C = "10.1/a", "10.1/b", "10.1/c"


@pytest.fixture(autouse=True)
def plan(contents: Contents) -> None:
    contents.add_plan(1, "https://doi.org/10.48321/D1")


def test_a_first_merge_registers_works_versions_and_pending_links(database: DmpDatabase, contents: Contents) -> None:
    counts = merge([matches(match(A, "Étude 🦋 of ß", score=32.0625), match(B))], database)

    assert (counts.read, counts.written, counts.dropped) == (1, 1, {})
    assert counts.also["links added"] == 2
    assert contents.statuses() == {(1, A): "PENDING", (1, B): "PENDING"}
    version = next(row for row in contents.rows("workVersions") if row["title"] == "Étude 🦋 of ß")
    assert version["hash"] == bytes.fromhex(work(A, "Étude 🦋 of ß").hash)
    assert version["publicationDate"] == date(2024, 2, 29)
    assert version["workType"] == "ARTICLE"
    assert version["abstractText"] == "What was done and found."
    assert version["authors"] == [
        {
            "orcid": "0000-0001-2345-678x",
            "firstInitial": None,
            "givenName": "Ada",
            "middleInitials": None,
            "middleNames": None,
            "surname": "Byron",
            "full": "Ada Byron",
        }
    ]
    assert version["institutions"] == [{"name": "University of Somewhere", "ror": "02mgtg880"}]
    assert version["funders"] == [{"name": "National Science Foundation", "ror": "021nxhr62"}]
    assert version["awards"] == [
        {"awardId": "1507101", "funderName": "National Science Foundation", "funderRor": "021nxhr62"}
    ]
    assert (version["publicationVenue"], version["sourceName"]) == ("Journal of Things", "OpenAlex")
    assert version["sourceUrl"] == "https://openalex.org/w1"


def test_a_link_holds_scores_and_evidence(database: DmpDatabase, contents: Contents) -> None:
    merge([matches(match(A, score=17.4375))], database)

    link = contents.links()[1, A]
    assert (link["score"], link["scoreMax"], link["sourceType"]) == (17.4375, 32.0625, "SYSTEM_MATCHED")
    assert link["doiMatch"] == {
        "found": True,
        "score": 1.0,
        "sources": [{"parentAwardId": "1507101", "awardId": "1507101-2", "awardUrl": "https://nsf.example/1507101"}],
    }
    assert link["contentMatch"] == {
        "score": 0.1 + 0.2,
        "titleHighlight": "A <mark>title</mark>",
        "abstractHighlights": ["… <mark>done</mark> …"],
    }
    assert link["authorMatches"] == [{"index": 0, "score": 1.0, "fields": ["authors.orcid", "authors.surname"]}]
    assert link["institutionMatches"] == [{"index": 0, "score": 1.0, "fields": ["institutions.ror"]}]
    assert link["funderMatches"] == [{"index": 0, "score": 0.5, "fields": ["funders.name"]}]
    assert link["awardMatches"] == [{"index": 0, "score": 1.0, "fields": ["awards.awardId"]}]


def test_the_same_matches_again_change_nothing(database: DmpDatabase, contents: Contents) -> None:
    found = [matches(match(A, "Étude 🦋"), match(B), match(C))]
    merge(found, database)
    before = contents.everything()

    counts = merge(found, database)

    assert contents.everything() == before
    assert counts.also == {
        "links added": 0,
        "links refreshed": 0,
        "links removed": 0,
        "links unchanged": 3,
        "links decided by people": 0,
    }


def test_a_pending_link_takes_new_scores_evidence_and_version(database: DmpDatabase, contents: Contents) -> None:
    merge([matches(match(A, "Preliminary", score=5.0), match(B))], database)
    before = contents.rows("relatedWorks")

    new = match(A, "Final", score=9.5)
    counts = merge([matches(new, match(B))], database)

    assert (counts.also["links refreshed"], counts.also["links unchanged"], counts.also["links added"]) == (1, 1, 0)
    link = contents.links()[1, A]
    assert (link["score"], link["title"], link["status"]) == (9.5, "Final", "PENDING")
    assert [row["id"] for row in contents.rows("relatedWorks")] == [row["id"] for row in before]
    assert counts.also["versions removed"] == 1  # nothing links to the preliminary one any more
    assert contents.count("workVersions") == 2


def test_new_evidence_alone_is_written(database: DmpDatabase, contents: Contents) -> None:
    merge([matches(match(A))], database)
    old = match(A)
    new = type(old)(**{name: getattr(old, name) for name in old.__struct_fields__} | {"author_matches": ()})

    counts = merge([matches(new)], database)

    assert counts.also["links refreshed"] == 1
    assert contents.links()[1, A]["authorMatches"] == []
    assert contents.count("workVersions") == 1


def test_a_work_whose_version_changed_twice_is_linked_once(database: DmpDatabase, contents: Contents) -> None:
    for title in ("One", "Two", "Three"):
        merge([matches(match(A, title))], database)
    assert [row["title"] for row in contents.rows("workVersions")] == ["Three"]
    merge([matches(match(A, "One"))], database)  # back to what it was

    assert contents.links()[1, A]["title"] == "One"
    assert (contents.count("works"), contents.count("workVersions"), contents.count("relatedWorks")) == (1, 1, 1)


def test_a_pending_link_that_is_not_found_again_goes_away_with_its_work(
    database: DmpDatabase, contents: Contents
) -> None:
    merge([matches(match(A), match(B))], database)

    counts = merge([matches(match(B))], database)

    assert contents.statuses() == {(1, B): "PENDING"}
    assert [row["doi"] for row in contents.rows("works")] == [B]
    also = counts.also
    assert (also["links removed"], also["versions removed"], also["works removed"]) == (1, 1, 1)


def test_a_plan_without_matches_loses_its_pending_links(database: DmpDatabase, contents: Contents) -> None:
    merge([matches(match(A), match(B))], database)
    contents.decide(1, B, "ACCEPTED")

    merge([matches()], database)

    assert contents.statuses() == {(1, B): "ACCEPTED"}


def test_a_plan_that_is_not_among_the_matches_keeps_its_links(database: DmpDatabase, contents: Contents) -> None:
    contents.add_plan(2, "https://doi.org/10.48321/D2")
    merge([matches(match(A)), matches(match(A, plan="10.48321/d2"), plan="10.48321/d2")], database)

    merge([matches(plan="10.48321/d2")], database)

    assert contents.statuses() == {(1, A): "PENDING"}


@pytest.mark.parametrize("status", ["ACCEPTED", "REJECTED"])
def test_what_a_person_decided_between_two_merges_is_never_touched(
    database: DmpDatabase, contents: Contents, status: str
) -> None:
    merge([matches(match(A, "As decided"), match(B))], database)
    contents.decide(1, A, status)
    before = contents.links()[1, A]

    counts = merge([matches(match(A, "Newer", score=1.0), match(B))], database)
    assert contents.links()[1, A] == before
    assert counts.also["links decided by people"] == 1
    merge([matches(match(C))], database)  # not even found again

    assert contents.links()[1, A] == before
    assert contents.statuses() == {(1, A): status, (1, C): "PENDING"}
    assert [row["title"] for row in contents.rows("workVersions")] == ["As decided", "A title"]


def test_a_work_added_by_a_user_keeps_all_but_a_pending_status(database: DmpDatabase, contents: Contents) -> None:
    contents.insert("works", {"id": 7, "doi": A})
    contents.insert("workVersions", {"id": 70, "workId": 7, "hash": bytes(16), "title": "As the user wrote it"})
    link = {"planId": 1, "workVersionId": 70, "sourceType": "USER_ADDED"}
    contents.insert("relatedWorks", link | {"id": 700, "status": "ACCEPTED"})

    merge([matches(match(A), match(B))], database)
    before = contents.links()[1, A]
    assert (before["status"], before["sourceType"], before["score"], before["doiMatch"]) == (
        "ACCEPTED",
        "USER_ADDED",
        None,
        None,
    )
    assert before["title"] == "As the user wrote it"

    contents.decide(1, A, "PENDING")
    merge([matches()], database)
    assert contents.links() == {(1, A): before}  # its status is that of what users add


def test_duplicate_links_of_one_work_become_one(database: DmpDatabase, contents: Contents) -> None:
    contents.insert("works", {"id": 7, "doi": A})
    for number in (70, 71, 72):
        contents.insert("workVersions", {"id": number, "workId": 7, "hash": bytes([number] * 16), "title": "Old"})
        link = {"planId": 1, "workVersionId": number, "sourceType": "SYSTEM_MATCHED", "status": "PENDING"}
        contents.insert("relatedWorks", link | {"id": number * 10})

    merge([matches(match(A, "New"), match(A, "New"))], database)

    assert [row["id"] for row in contents.rows("relatedWorks")] == [700]
    assert contents.links()[1, A]["title"] == "New"


def test_a_pending_duplicate_of_a_rejected_work_goes_away(database: DmpDatabase, contents: Contents) -> None:
    contents.insert("works", {"id": 7, "doi": A})
    for number, status in ((70, "PENDING"), (71, "REJECTED")):
        contents.insert("workVersions", {"id": number, "workId": 7, "hash": bytes([number] * 16)})
        link = {"planId": 1, "workVersionId": number, "sourceType": "SYSTEM_MATCHED", "status": status}
        contents.insert("relatedWorks", link)

    merge([matches(match(A))], database)

    assert contents.statuses() == {(1, A): "REJECTED"}


def test_plans_share_works_and_versions(database: DmpDatabase, contents: Contents) -> None:
    contents.add_plan(2, "doi:10.48321/D2")
    merge([matches(match(A)), matches(match(A, plan="10.48321/d2", score=3.0), plan="10.48321/d2")], database)

    assert {key: link["score"] for key, link in contents.links().items()} == {(1, A): 20.0, (2, A): 3.0}
    assert (contents.count("works"), contents.count("workVersions")) == (1, 1)
    merge([matches()], database)
    assert contents.statuses() == {(2, A): "PENDING"}


def test_long_and_odd_contents_arrive_whole(database: DmpDatabase, contents: Contents) -> None:
    people = tuple(Author(full=f"Müller-{number} 名前 🧬", surname=f"Müller-{number}") for number in range(3000))
    abstract = "A long abstract with 'quotes', \\back\\slashes, % signs and 𝔘𝔫𝔦𝔠𝔬𝔡𝔢. " * 3000
    merge(
        [matches(match(A, "%s :name \U0001f9ec", abstract_text=abstract, authors=people, publication_date=None))],
        database,
    )

    (version,) = contents.rows("workVersions")
    assert version["abstractText"] == abstract
    assert version["title"] == "%s :name \U0001f9ec"
    assert [person["full"] for person in version["authors"]] == [person.full for person in people]
    assert version["publicationDate"] is None


def test_hundreds_of_works_for_one_plan(database: DmpDatabase, contents: Contents) -> None:
    dois = [f"10.1/{number}" for number in range(1200)]
    merge([matches(*(match(doi) for doi in dois))], database)
    assert sorted(doi for _, doi in contents.links()) == sorted(dois)

    counts = merge([matches(*(match(doi, score=1.0) for doi in dois[:600]))], database)

    assert {link["score"] for link in contents.links().values()} == {1.0}
    assert (counts.also["links refreshed"], counts.also["links removed"]) == (600, 600)
    assert contents.count("works") == 600


def test_works_that_nothing_links_to_are_removed_afterwards(database: DmpDatabase, contents: Contents) -> None:
    contents.insert("works", *({"id": number, "doi": f"10.9/{number}"} for number in range(1, 2500)))
    contents.insert("workVersions", *({"workId": number, "hash": bytes(16)} for number in range(1, 2500)))

    counts = merge([matches(match(A))], database)

    assert (counts.also["versions removed"], counts.also["works removed"]) == (2499, 2499)
    assert [row["doi"] for row in contents.rows("works")] == [A]


def test_dois_that_differ_in_accents_or_case_stay_apart_or_are_counted(
    database: DmpDatabase, contents: Contents
) -> None:
    """MySQL's usual comparison takes é for e: then the second work cannot be registered, and the report says so."""
    counts = merge([matches(match("10.1/café"), match("10.1/cafe"), match(B))], database)
    again = merge([matches(match("10.1/café"), match("10.1/cafe"), match(B))], database)

    lost = counts.also.get("works whose DOI the database takes for another's", 0)
    assert len(contents.links()) + lost == 3
    assert again.also["links unchanged"] == len(contents.links())
    links = contents.links()
    assert all(link["hash"] == bytes.fromhex(work(doi).hash) for (_, doi), link in links.items())


def test_the_plan_is_the_newest_usable_one_of_a_doi(database: DmpDatabase, contents: Contents) -> None:
    contents.change("plans", 1, modified=datetime(2024, 1, 1))
    contents.add_plan(2, "10.48321/d1", modified=datetime(2025, 1, 1))
    contents.add_plan(3, "10.48321/d1", modified=datetime(2026, 1, 1), status="DRAFT")

    merge([matches(match(A))], database)

    assert contents.statuses() == {(2, A): "PENDING"}


def test_items_of_evidence_may_be_many(database: DmpDatabase, contents: Contents) -> None:
    old = match(A)
    many = tuple(ItemMatch(number, 1.0, ("authors.surname",)) for number in range(2000))
    new = type(old)(**{name: getattr(old, name) for name in old.__struct_fields__} | {"author_matches": many})

    merge([matches(new, plan=PLAN)], database)

    assert len(contents.links()[1, A]["authorMatches"]) == 2000
