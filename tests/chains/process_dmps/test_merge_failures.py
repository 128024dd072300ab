"""Plans that cannot be merged: the others are, and the job says which failed."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from dmpworks.chains.process_dmps.link_changes import as_link, find_changes
from dmpworks.chains.process_dmps.merge import UNKNOWN_PLAN, merge
from dmpworks.errors import DatabaseError, MergeError, TemporaryError
from dmpworks.matching.matches import PlanMatches
from dmpworks.services.database import DmpDatabase, open_database
from dmpworks.services.database.rows import StoredLink
from tests.chains.process_dmps.found import match, matches
from tests.services.database.contents import Contents

A, B = "10.1/a", "10.1/b"
PLANS = [f"10.48321/d{number}" for number in range(1, 4)]


@pytest.fixture(autouse=True)
def plans(contents: Contents) -> None:
    for number, doi in enumerate(PLANS, 1):
        contents.add_plan(number, f"https://doi.org/{doi}")


def test_a_plan_that_the_database_does_not_know_is_skipped_and_reported(
    database: DmpDatabase, contents: Contents
) -> None:
    said: list[str] = []
    found = [matches(match(A), plan="10.48321/gone"), matches(match(A), plan=PLANS[0])]

    counts = merge(found, database, said.append)

    assert (counts.read, counts.written, counts.dropped) == (2, 1, {UNKNOWN_PLAN: 1})
    assert counts.accounted
    assert said == ["the database does not know plan 10.48321/gone: skipped"]
    assert contents.statuses() == {(1, A): "PENDING"}


def test_a_plan_that_fails_does_not_stop_the_others_and_is_named(database: DmpDatabase, contents: Contents) -> None:
    merge([matches(match(A), plan=PLANS[1])], database)
    break_plan(contents, 2)

    found = [matches(match(A), match(B), plan=doi) for doi in PLANS]
    with pytest.raises(MergeError) as failure:
        merge(found, database)

    assert failure.value.what == "the matches of 1 of 3 plans could not be merged; the other plans are merged"
    assert PLANS[1] in failure.value.on
    assert PLANS[0] not in failure.value.on
    assert "merge-related-works" in failure.value.next
    statuses = contents.statuses()
    assert {key for key in statuses if key[0] != 2} == {(1, A), (1, B), (3, A), (3, B)}
    assert (2, B) not in statuses  # all of a plan or nothing


def test_one_cause_of_many_plans_is_said_once(database: DmpDatabase, contents: Contents) -> None:
    many = [f"10.48321/m{number}" for number in range(50)]
    for number, doi in enumerate(many, 100):
        contents.add_plan(number, f"https://doi.org/{doi}")
    break_plan(contents, None)
    with pytest.raises(MergeError) as failure:
        merge([matches(match(A), plan=doi) for doi in many], database)
    assert failure.value.what == "the matches of 50 of 50 plans could not be merged; no plan was merged"
    assert failure.value.on.count("no more links") == 1
    assert failure.value.on.endswith("for 50 plans: " + "; ".join(many[:5]) + "; and 45 more")
    assert failure.value.next.startswith("fix what the database reports; then: dmpworks run process-dmps")


def test_a_missing_column_fails_at_once(database: DmpDatabase, contents: Contents) -> None:
    with contents.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE relatedWorks RENAME COLUMN scoreMax TO greatest")
    with pytest.raises(DatabaseError) as failure:
        merge([matches(match(A), plan=doi) for doi in PLANS], database)
    assert failure.value.what == "the database is not the DMP Tool's, or of another version of it"
    assert "scoreMax" in failure.value.on
    assert failure.value.next.startswith("correct DMP_DATABASE_URL")


def test_a_database_that_became_read_only_fails_at_once(
    database: DmpDatabase, contents: Contents, database_url: str
) -> None:
    merge([matches(match(A), plan=PLANS[0])], database)
    with read_only(contents, database_url) as url:
        reader = open_database(url)
        with pytest.raises(DatabaseError) as failure:
            merge([matches(match(B), plan=doi) for doi in PLANS], reader)
        reader.close()
    assert failure.value.what in ("the database is read-only", "the database does not allow this user to do that")
    assert failure.value.next
    assert contents.statuses() == {(1, A): "PENDING"}


@contextmanager
def read_only(contents: Contents, url: str) -> Iterator[str]:
    """Return an address by which the database can only be read: of a read-only file, or of a user without rights."""
    if contents.engine.dialect.name == "sqlite":
        yield f"sqlite:///file:{contents.engine.url.database}?mode=ro&uri=true"
        return
    with contents.engine.begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'r'")
        connection.exec_driver_sql(f"GRANT SELECT ON {contents.engine.url.database}.* TO reader@'127.0.0.1'")
    yield url.replace("root@", "reader:r@")


def break_plan(contents: Contents, plan: int | None) -> None:
    """Let the database refuse every new link of a plan (None: of all), as a trigger or constraint might."""
    which = f"= {plan}" if plan else "> 0"
    with contents.engine.begin() as connection:
        if contents.engine.dialect.name == "sqlite":
            refuse = "SELECT RAISE(ABORT, 'no more links');"
            connection.exec_driver_sql(
                f"CREATE TRIGGER refuse BEFORE INSERT ON relatedWorks WHEN NEW.planId {which} BEGIN {refuse} END"
            )
        else:
            connection.exec_driver_sql(
                "CREATE TRIGGER refuse BEFORE INSERT ON relatedWorks FOR EACH ROW "
                f"IF NEW.planId {which} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no more links'; END IF"
            )


def test_the_rest_can_be_merged_when_the_cause_is_gone(database: DmpDatabase, contents: Contents) -> None:
    break_plan(contents, 2)
    found = [matches(match(A), plan=doi) for doi in PLANS]
    with pytest.raises(MergeError):
        merge(found, database)
    with contents.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER refuse")

    counts = merge(found, database)

    assert (counts.also["links added"], counts.also["links unchanged"]) == (1, 2)
    assert contents.statuses() == {(number, A): "PENDING" for number in (1, 2, 3)}


def test_a_server_that_is_gone_stops_the_merge_at_once() -> None:
    with pytest.raises(TemporaryError) as failure:
        open_database("mysql+pymysql://someone:s3cret@127.0.0.1:1/dmptool")
    assert "127.0.0.1:1/dmptool" in failure.value.on
    assert "s3cret" not in str(failure.value)


def test_a_merge_that_was_killed_is_completed_by_the_next(
    database: DmpDatabase, contents: Contents, database_url: str, tmp_path: Path
) -> None:
    merge(many_plans(contents), database)
    undisturbed = contents.links()
    merge([PlanMatches(plan.dmp_doi) for plan in many_plans(None)], database)
    assert contents.links() == {}

    killed = multiprocessing.get_context("spawn").Process(target=slow_merge, args=(database_url,))
    killed.start()
    try:
        wait_for(lambda: contents.count("relatedWorks") >= 20)
    finally:
        killed.kill()
        killed.join()
    assert 0 < contents.count("relatedWorks") < len(undisturbed)

    merge(many_plans(None), database)

    assert contents.links() == undisturbed
    assert contents.count("works") == len({doi for _, doi in undisturbed})


def many_plans(contents: Contents | None) -> list[PlanMatches]:
    numbers = range(100, 160)
    for number in numbers if contents else ():
        contents.add_plan(number, f"10.48321/p{number}")
    return [
        matches(*(match(f"10.1/{(number + n) % 30}", score=n) for n in range(10)), plan=f"10.48321/p{number}")
        for number in numbers
    ]


def slow_merge(url: str) -> None:
    """Merge, but take a moment before each commit, so that there is time to be killed in one."""
    database = open_database(url)
    event.listen(database._engine, "commit", lambda connection: time.sleep(0.05))
    merge(many_plans(None), database)


def wait_for(condition: object, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.02)


def test_json_that_the_server_wrote_its_own_way_is_the_same() -> None:
    """MySQL keeps JSON decoded: it sorts keys and spaces them when it writes them again."""
    found = as_link(match(A))
    again = {name: _as_mysql_writes(text) for name, text in found.evidence.items()}
    stored = StoredLink(1, A, 1, found.version.hash, "PENDING", "SYSTEM_MATCHED", found.score, found.score_max, again)

    assert again["doiMatch"] != found.evidence["doiMatch"].decode()
    assert find_changes([stored], [found]).unchanged == 1


def _as_mysql_writes(text: bytes) -> str:
    import json

    return json.dumps(json.loads(text), sort_keys=True, separators=(", ", ": "), ensure_ascii=False)
