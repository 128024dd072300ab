"""The ledger in the bucket: events are created under free numbers, and nothing written is ever changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dmpworks.errors import LedgerError, SettingsError
from dmpworks.runs.ledger.events import Started
from dmpworks.runs.ledger.store import Ledger, RunName, find_run, run_names, states
from dmpworks.services.storage import Bucket, open_bucket

RUN = RunName("ror", "2026-10-01")
FOLDER = "runs/ror/2026-10-01"
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def started(token="t1", at=NOW) -> Started:
    return Started(at=at, by="ada@laptop", job="download", attempt=token)


@pytest.fixture(params=["folder", "S3"])
def place(request, tmp_path) -> Bucket:
    """An empty bucket, once a folder and once on a simulated S3."""
    if request.param == "S3":
        return open_bucket(request.getfixturevalue("s3_bucket"), "us-east-1")
    (tmp_path / "place").mkdir()
    return open_bucket(str(tmp_path / "place"))


def test_events_are_read_as_they_were_written(place):
    ledger = Ledger(place, RUN)
    state = ledger.append(started())
    ledger.append(started("t2"))
    assert state.jobs["download"].status == "running"
    assert [key for key, _ in place.list(FOLDER)] == [f"{FOLDER}/000001.json", f"{FOLDER}/000002.json"]
    assert Ledger(place, RUN).events() == [started(), started("t2")] == ledger.events()


WAYS = pytest.mark.parametrize("write", [Ledger.append, Ledger.append_unchecked])


@WAYS
def test_of_many_writers_each_gets_a_number(place, write):
    tokens = [f"t{number}" for number in range(12)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda token: write(Ledger(place, RUN), started(token)), tokens))
    assert sorted(event.attempt for event in Ledger(place, RUN).events()) == sorted(tokens)
    assert len(place.list(FOLDER)) == 12


class LosesAnswers(Bucket):
    """A bucket whose first answer to `create` is lost, so that its client tries again and finds its own object."""

    lost = False

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        if not self.lost:
            self.lost = True
            raise FileExistsError(key)


@WAYS
def test_a_lost_answer_writes_no_event_twice(bucket, write):
    write(Ledger(LosesAnswers(bucket.name), RUN), started())
    assert Ledger(bucket, RUN).events() == [started()]


@WAYS
def test_an_event_that_was_removed_stops_nobody(bucket, write):
    ledger = Ledger(bucket, RUN)
    for token in ("t1", "t2", "t3"):
        ledger.append(started(token))
    bucket.delete([ledger.key(2)])
    write(ledger, started("t4"))
    assert [event.attempt for event in Ledger(bucket, RUN).events()] == ["t1", "t3", "t4"]


def test_an_event_is_read_once(bucket):
    ledger = Ledger(bucket, RUN)
    ledger.append(started())
    bucket.put(ledger.key(1), b"an event never changes, so nobody looks")
    ledger.append(started("t2"))
    assert [event.attempt for event in ledger.events()] == ["t1", "t2"]


@pytest.mark.parametrize("damaged", [b"", b"{", b'{"event": "born", "at": "2026-10-01T00:00:00Z", "by": "ada"}'])
def test_an_event_that_cannot_be_read_is_named(bucket, damaged):
    bucket.put(f"{FOLDER}/000001.json", damaged)
    with pytest.raises(LedgerError) as caught:
        Ledger(bucket, RUN).state()
    assert caught.value.what == "an event of the ledger cannot be read"
    assert f"{FOLDER}/000001.json" in caught.value.on


def test_an_attempt_says_its_word_whatever_the_others_have_said(bucket):
    bucket.put(f"{FOLDER}/000001.json", b"{")
    Ledger(bucket, RUN).append_unchecked(started())
    bucket.delete([f"{FOLDER}/000001.json"])
    assert Ledger(bucket, RUN).events() == [started()]


def test_logs_and_strangers_are_no_events(bucket):
    ledger = Ledger(bucket, RUN)
    ledger.append(started())
    bucket.put(ledger.log_key(1, "download"), b"words")
    bucket.put(f"{FOLDER}/notes.txt", b"by hand")
    assert ledger.events() == [started()]
    assert ledger.log_key(1, "download") == f"{FOLDER}/logs/1-download.txt"


@pytest.fixture
def three(bucket) -> Bucket:
    """A bucket with three runs; the one that was at work last is no newest by its id."""
    for day, run in enumerate((RUN, RunName("ror", "2026-09-01"), RunName("datacite", "2026-10-01"))):
        Ledger(bucket, run).append(started(at=NOW + timedelta(days=day)))
    Ledger(bucket, RUN).append(started("t2", NOW + timedelta(days=1.5)))
    return bucket


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("latest", "datacite/2026-10-01"),
        ("ror/latest", "ror/2026-10-01"),
        ("ror/2026-09-01", "ror/2026-09-01"),
    ],
)
def test_a_run_is_found_by_name_or_as_the_latest(three, text, run):
    assert str(find_run(three, text)) == run


@pytest.mark.parametrize(
    "text", ["ror/2026-01-01", "datacite/", "2026-10-01", "process-works/latest", "../../etc", "ror/../ror/latest", ""]
)
def test_a_run_that_is_not_there(three, text):
    with pytest.raises(SettingsError) as caught:
        find_run(three, text)
    assert caught.value.what == f"there is no run {text}"
    assert "ror/2026-09-01" in caught.value.on


def test_runs_and_their_states(three):
    assert [str(run) for run in run_names(three)] == ["datacite/2026-10-01", "ror/2026-09-01", "ror/2026-10-01"]
    assert run_names(three, "ror") == [RunName("ror", "2026-09-01"), RUN]
    assert [(state.name, state.events) for state in states(three, [RUN])] == [("ror/2026-10-01", 2)]
