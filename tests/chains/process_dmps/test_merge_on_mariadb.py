"""What only a server with many users shows: deadlocks, merges at the same time, round trips."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from dmpworks.chains.process_dmps.merge import merge
from dmpworks.services.database import DmpDatabase, open_database
from tests.chains.process_dmps.found import match, matches
from tests.services.database.contents import Contents

DOIS = [f"10.1/{number:03}" for number in range(40)]


@pytest.fixture
def url(mariadb_database: str) -> str:
    database = open_database(mariadb_database)
    database.create_tables()
    database.close()
    return mariadb_database


@pytest.fixture
def server(url: str) -> Iterator[Contents]:
    found = Contents(url)
    for number in range(1, 41):
        found.add_plan(number, f"10.48321/p{number}")
    yield found
    found.engine.dispose()


@pytest.fixture
def merging(url: str) -> Iterator[DmpDatabase]:
    database = open_database(url)
    yield database
    database.close()


def test_a_deadlock_is_resolved_by_another_attempt(server: Contents, merging: DmpDatabase) -> None:
    merge([matches(match("10.1/x"), plan="10.48321/p1")], merging)
    with server.engine.connect() as other, ThreadPoolExecutor(1) as pool:
        # The other transaction has written more, so that the server ends ours rather than this one.
        other.execute(text("INSERT INTO affiliations (uri) SELECT CONCAT('urn:', seq) FROM seq_1_to_5000"))
        other.execute(text("SELECT id FROM works WHERE doi = '10.1/x' FOR UPDATE")).all()
        merged = pool.submit(merge, [matches(match("10.1/x", "New"), plan="10.48321/p1")], merging)
        wait_until_somebody_waits(server)
        other.execute(text("UPDATE plans SET title = 'edited' WHERE id = 1"))
        other.commit()
        counts = merged.result(timeout=60)

    assert merging.retries >= 1
    assert counts.also["transactions repeated"] >= 1
    assert server.links()[1, "10.1/x"]["title"] == "New"


def wait_until_somebody_waits(server: Contents, seconds: float = 30) -> None:
    waiting = text("SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")
    give_up = time.monotonic() + seconds
    with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(waiting).scalar_one() == 0:
            assert time.monotonic() < give_up, "nobody came to wait for a lock"
            time.sleep(0.15)


def test_merges_at_the_same_time_end_as_if_one_after_the_other(server: Contents, url: str) -> None:
    def found(number: int, shift: int) -> object:
        dois = [DOIS[(number * 7 + shift + n) % len(DOIS)] for n in range(20)]
        if number % 2:
            dois.reverse()
        return matches(*(match(doi, f"Title {shift}", score=shift) for doi in dois), plan=f"10.48321/p{number}")

    def run(shift: int) -> None:
        database = open_database(url)
        start.wait()
        merge([found(number, shift) for number in range(1, 41)], database)  # type: ignore[misc]
        database.close()

    start = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(run, shift) for shift in (0, 1, 2)]:
            done.result(timeout=120)

    links = server.links()
    for number in range(1, 41):
        titles = {link["title"] for (plan, _), link in links.items() if plan == number}
        assert len([1 for plan, _ in links if plan == number]) == 20
        assert len(titles) == 1, "links of two merges in one plan"


def test_merges_of_different_plans_do_not_lose_each_others_works(server: Contents, url: str) -> None:
    """One merge removes orphans while the other is about to link to the same works."""

    def run(numbers: range) -> None:
        database = open_database(url)
        for turn in range(4):
            found = [match(doi) for doi in DOIS] if turn % 2 else []
            merge([matches(*found, plan=f"10.48321/p{number}") for number in numbers], database)
        database.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run, range(1, 6)), pool.submit(run, range(6, 11))]:
            done.result(timeout=120)

    assert len(server.links()) == 10 * len(DOIS)


def test_round_trips_do_not_grow_with_the_number_of_links(server: Contents, merging: DmpDatabase) -> None:
    def questions(doings: object) -> int:
        with server.engine.connect() as connection:
            before = asked(connection)
            doings()  # type: ignore[operator]
            return asked(connection) - before

    few, many = DOIS[:2], [f"10.2/{number}" for number in range(300)]
    merge([], merging)
    small = questions(lambda: merge([matches(*map(match, few), plan="10.48321/p1")], merging))
    large = questions(lambda: merge([matches(*map(match, many), plan="10.48321/p2")], merging))
    changed = [match(doi, "New", score=1.0) for doi in many]
    refreshed = questions(lambda: merge([matches(*changed, plan="10.48321/p2")], merging))

    assert large <= small + 5
    assert refreshed <= small + 15


def asked(connection: Connection) -> int:
    return int(connection.execute(text("SHOW GLOBAL STATUS LIKE 'Questions'")).one()[1])
