"""Two processes submit the same chain at once: exactly one wins, the other learns who and since when."""

import os
import time

import pytest

from dmpworks.batch.submission.submit import SubmissionContext, submit
from dmpworks.errors import DmpworksError, PreflightError
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import Ledger, RunName, who
from dmpworks.services.storage import open_bucket
from tests.batch.fake import FakeBatch
from tests.batch.fake_stored import StoredBatch
from tests.batch.killing import SERVER
from tests.batch.sending import AGAIN, names, send
from tests.batch.test_requests import plan_for


class Slow:
    """An AWS Batch that takes its time, so that the other process comes meanwhile."""

    def __init__(self, batch):
        self.batch = batch

    def __getattr__(self, name):
        return getattr(self.batch, name)

    def submit_job(self, **request):
        time.sleep(0.5)
        return self.batch.submit_job(**request)


def submit_at_once(folder, bucket_name, aws, run_id, number):
    """Submit when told to, and leave word of how it ended."""
    os.environ.update(aws)  # this process has the environment of the server that made it
    bucket = open_bucket(bucket_name, "us-east-1")
    (folder / f"ready-{number}").touch()
    while not (folder / "go").exists():
        time.sleep(0.005)
    plan = plan_for(LETTERS_RUN_ID=run_id)
    batch = Slow(StoredBatch(folder / "batch"))
    try:
        with hold(bucket, "letters", f"batch-submit {plan.run}") as held:
            submit(SubmissionContext(batch, Ledger(bucket, plan.run), held), plan, AGAIN)
        told = "won"
    except DmpworksError as error:
        told = f"{type(error).__name__}\n{error}"
    (folder / f"told-{number}").write_text(told)


@pytest.fixture(params=["folder", "S3"])
def place(request):
    """Where the bucket is."""
    if request.param == "folder":
        return request.getfixturevalue("bucket")
    return open_bucket(request.getfixturevalue("s3_bucket"), "us-east-1")


@pytest.mark.parametrize("others_run", ["2026-10-01", "2026-11-01"], ids=["the same run", "another run"])
def test_exactly_one_wins(place, tmp_path, others_run):
    StoredBatch.create(tmp_path / "batch", FakeBatch())
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    processes = [
        SERVER.Process(target=submit_at_once, args=(tmp_path, place.name, aws, run_id, number))
        for number, run_id in enumerate(("2026-10-01", others_run))
    ]
    for process in processes:
        process.start()
    while len(list(tmp_path.glob("ready-*"))) < 2:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    for process in processes:
        process.join(30)
    told = sorted((tmp_path / f"told-{number}").read_text() for number in range(2))
    assert told[1] == "won"
    assert told[0].startswith(f"PreflightError\n{who()} is running on letters: batch-submit letters/2026-1")
    assert "held since 20" in told[0]
    assert len(names(StoredBatch(tmp_path / "batch").load())) == 2
    planned = [
        event
        for run_id in {"2026-10-01", others_run}
        for event in Ledger(place, RunName("letters", run_id)).events()
        if isinstance(event, Planned)
    ]
    assert len(planned) == 1


def test_who_comes_after_adopts_what_is_live(bucket):
    batch = FakeBatch()
    first, second = send(batch, bucket), send(batch, bucket)
    assert [each.id for each in first] == [each.id for each in second]
    assert [each.adopted for each in second] == [True, True]


def test_another_run_is_refused_as_long_as_one_is_live(bucket):
    batch = FakeBatch()
    send(batch, bucket)
    batch.sleep(5)
    with pytest.raises(PreflightError) as caught:
        send(batch, bucket, plan_for(LETTERS_RUN_ID="2026-11-01"))
    assert caught.value.what == "another run of this chain is live"
    assert "dmpworks-dev-letters-2026-10-01-fetch" in caught.value.on
    assert "dmpworks runs cancel letters/2026-10-01" in caught.value.next
    assert Ledger(bucket, RunName("letters", "2026-11-01")).events() == []
    batch.sleep(600)
    assert len(send(batch, bucket, plan_for(LETTERS_RUN_ID="2026-11-01"))) == 2
