"""A resume while jobs of the run are live: they are adopted, and the revision of their job definition is kept."""

import pytest

from dmpworks.commands.runs.resume import resume_on_batch
from dmpworks.commands.shared.submission import Account
from dmpworks.errors import PreflightError
from dmpworks.jobs.wiring import AUTO
from dmpworks.runs.ledger.store import Ledger
from dmpworks.settings.resolve import Sources
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution
from tests.batch.sending import AGAIN, RUN, send
from tests.batch.test_requests import plan_for
from tests.jobs.sample import CHAIN


@pytest.fixture
def batch():
    return FakeBatch(scripts={"count": [Execution(exit_code=1)]})


@pytest.fixture
def resume(batch, bucket):
    """Resume the run, with changed settings if need be."""
    send(batch, bucket, plan_for(BUCKET_NAME=bucket.name, definition="dmpworks-dev:2"))

    def resume(changes=None, named=AUTO):
        before = Ledger(bucket, RUN).state().newest
        account = Account(batch, batch, None, bucket, batch.sleep)
        found = Sources(changes or {}, {}, before.settings, "the ledger")
        resume_on_batch(account, CHAIN, found, named, before, AGAIN)
        return Ledger(bucket, RUN).state()

    return resume


def test_live_jobs_are_adopted_although_a_newer_revision_is_there(batch, resume):
    batch.definitions.append({"revision": 3})
    state = resume()
    assert [job.adopted for job in state.current] == [True, True]
    assert state.newest.definition == "dmpworks-dev:2"
    assert len(batch.jobs) == 2


def test_once_the_run_has_failed_the_newest_revision_is_taken(batch, bucket, resume):
    bucket.put("letters/2026-10-01/fetch/text.txt", b"uploaded by hand")
    batch.definitions.append({"revision": 3})
    batch.sleep(600)
    state = resume()
    assert [job.name for job in state.current] == ["count"]
    assert state.newest.definition == "dmpworks-dev:3"
    assert batch.job("count").request["jobDefinition"] == "dmpworks-dev:3"
    assert "dependsOn" not in batch.job("count").request


def test_a_live_job_is_where_a_resume_begins_whatever_lies_in_the_bucket(batch, bucket, resume):
    for job in ("fetch", "count"):
        bucket.put(f"letters/2026-10-01/{job}/file", b"uploaded by hand")
    state = resume()
    assert [job.name for job in state.current] == ["fetch", "count"]
    assert len(batch.jobs) == 2


def test_a_live_run_is_not_resumed_with_other_settings(batch, resume):
    with pytest.raises(PreflightError) as caught:
        resume({"LETTERS_COUNT_MEMORY": 8192})
    assert caught.value.what == "this job is live already, with other settings"
    assert len(batch.jobs) == 2


def test_a_later_start_is_refused_while_an_earlier_job_is_live(batch, bucket, resume):
    bucket.put("letters/2026-10-01/fetch/text.txt", b"uploaded by hand")
    with pytest.raises(PreflightError) as caught:
        resume(named="count")
    assert caught.value.what == "a job of this run is live that is not to be submitted now"
