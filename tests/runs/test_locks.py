"""Locks: one writer a chain at a time, on a folder and on S3; whoever loses learns who is at work since when."""

import subprocess
import sys
import time
from datetime import timedelta

import msgspec
import pytest

from dmpworks.errors import JobError, LedgerError, PreflightError
from dmpworks.runs.ledger import locks
from dmpworks.runs.ledger.locks import LEASE, Lock, hold, holder, take
from dmpworks.runs.ledger.store import now, who
from dmpworks.services.storage import Bucket, open_bucket

# Two of these are started at once; each says whether it won, and the winner keeps the lock until its input ends.
CONTENDER = """
import sys
from dmpworks.errors import PreflightError
from dmpworks.runs.ledger.locks import hold
from dmpworks.services.storage import open_bucket
bucket = open_bucket(sys.argv[1], "us-east-1")
print("ready", flush=True)
sys.stdin.readline()
try:
    with hold(bucket, "ror", "batch-submit ror/2026-10-01"):
        print("won", flush=True)
        sys.stdin.readline()
except PreflightError as error:
    print("lost:", error.what, flush=True)
"""


@pytest.fixture(params=["folder", "S3"])
def place(request, tmp_path) -> Bucket:
    """An empty bucket, once a folder and once on a simulated S3."""
    if request.param == "S3":
        return open_bucket(request.getfixturevalue("s3_bucket"), "us-east-1")
    (tmp_path / "place").mkdir()
    return open_bucket(str(tmp_path / "place"))


def write(bucket, epoch=1, *, host="another", pid=1, expires=LEASE) -> None:
    lock = Lock(f"bob@{host}", host, pid, "batch-submit ror/2026-10-01", now(), now() + expires)
    bucket.put(f"locks/ror/{epoch:06}.json", msgspec.json.encode(lock))


def test_a_lock_is_held_and_let_go(place):
    with hold(place, "ror", "testing") as held:
        held.check()
        assert (holder(place, "ror").owner, holder(place, "ror").purpose) == (who(), "testing")
        assert holder(place, "datacite") is None
    assert holder(place, "ror") is None
    with hold(place, "ror", "again"):
        assert [key for key, _ in place.list("locks/ror")] == ["locks/ror/000001.json", "locks/ror/000002.json"]


def test_a_lock_is_let_go_when_its_holder_fails(place):
    with pytest.raises(ValueError, match="a bug"), hold(place, "ror", "testing"):
        raise ValueError("a bug")
    assert holder(place, "ror") is None


def test_whoever_comes_second_learns_who_and_since_when(place):
    write(place)
    with pytest.raises(PreflightError) as caught:
        take(place, "ror", "testing")
    assert caught.value.what == "bob@another is running on ror: batch-submit ror/2026-10-01"
    assert f"held since {now():%Y-%m-%d}" in caught.value.on
    assert caught.value.exit_code == 2


def test_a_lock_that_expired_is_taken_over(place):
    write(place, epoch=4, expires=timedelta(seconds=-1))
    take(place, "ror", "testing").check()
    assert place.list("locks/ror")[-1].key == "locks/ror/000005.json"


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        (timedelta(seconds=90), [" s, at ", "UTC"]),
        (timedelta(days=1), ["expires in 86,", "a clock was wrong", "delete the newest object of that folder"]),
    ],
)
def test_the_message_says_when_the_lock_really_expires(place, ahead, says):
    lock = Lock("ada@laptop", "another-host", 1, "batch-submit", now(), now() + ahead)
    place.put("locks/letters/000001.json", msgspec.json.encode(lock))
    with pytest.raises(PreflightError) as caught:
        take(place, "letters", "a test")
    for text in says:
        assert text in caught.value.next


def test_a_lock_of_a_process_of_this_machine_that_is_gone_is_free_at_once(place):
    with subprocess.Popen(["true"]) as gone:
        pass
    mine = who().rpartition("@")[2]
    write(place, host=mine, pid=gone.pid)
    assert holder(place, "ror") is None
    take(place, "ror", "testing").check()


def test_a_process_of_this_machine_that_lives_keeps_its_lock(place):
    with subprocess.Popen(["sleep", "60"]) as alive:
        write(place, host=who().rpartition("@")[2], pid=alive.pid)
        with pytest.raises(PreflightError):
            take(place, "ror", "testing")
        alive.kill()


def test_who_was_overtaken_may_write_no_more(place):
    held = take(place, "ror", "testing")
    write(place, epoch=2)
    with pytest.raises(JobError) as caught:
        held.check()
    assert "bob@another holds it since" in caught.value.on
    held.renew()  # belated: of no consequence, the newest epoch counts
    with pytest.raises(JobError):
        held.check()


def test_who_slept_beyond_the_lease_may_write_no_more(place, monkeypatch):
    monkeypatch.setattr(locks, "LEASE", timedelta(seconds=0.2))
    held = take(place, "ror", "testing")
    time.sleep(0.3)
    with pytest.raises(JobError, match="was lost"):
        held.check()


def test_a_held_lock_is_renewed(place, monkeypatch):
    monkeypatch.setattr(locks, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(locks, "RENEWAL", 0.1)
    with hold(place, "ror", "testing") as held:
        time.sleep(1.5)
        held.check()
        with pytest.raises(PreflightError):
            take(place, "ror", "another")


def test_a_lock_that_was_let_go_is_free_whatever_the_clocks_say(place):
    with hold(place, "ror", "testing"):
        pass
    assert msgspec.json.decode(place.get("locks/ror/000001.json"), type=Lock).free(now() - timedelta(days=1))


def test_strangers_among_the_locks_stop_nobody(place):
    for name in ("notes.txt", "old.json", "000009.json.bak"):
        place.put(f"locks/ror/{name}", b"hello")
    with hold(place, "ror", "testing"):
        assert holder(place, "ror").purpose == "testing"


def test_a_lock_that_cannot_be_read(place):
    place.put("locks/ror/000001.json", b"{")
    with pytest.raises(LedgerError) as caught:
        take(place, "ror", "testing")
    assert "locks/ror/000001.json" in caught.value.on


def test_of_two_processes_at_once_one_wins(place, tmp_path):
    for _ in range(3):
        command = [sys.executable, "-c", CONTENDER, place.name]
        both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        try:
            assert [one.stdout.readline() for one in both] == ["ready\n", "ready\n"]
            for one in both:
                one.stdin.write("\n")
                one.stdin.flush()
            answers = sorted(one.stdout.readline() for one in both)
        finally:
            for one in both:
                one.communicate(timeout=30)
        assert answers == [f"lost: {who()} is running on ror: batch-submit ror/2026-10-01\n", "won\n"]
    assert len(place.list("locks/ror")) == 3
