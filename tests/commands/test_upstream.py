"""A month in which the works index fails: what the plans say then, and that nothing is resumed on the old index."""

import io

import msgspec
import pytest
from rich.console import Console

from dmpworks.batch.monitor.context import RunContext
from dmpworks.catalog import CHAINS, chain_named
from dmpworks.commands.runs.resume import resume_on_batch
from dmpworks.commands.runs.watch import follow_on
from dmpworks.commands.shared.submission import Account
from dmpworks.commands.shared.watch_views import Lines
from dmpworks.commands.submit_all import parts_of, send_parts
from dmpworks.errors import PreflightError
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.upstream import upstream_problems
from dmpworks.settings.resolve import Sources
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution

DAY = "2026-10-01"
WORKS, PLANS = RunName("process-works", DAY), RunName("process-dmps", DAY)
SETTINGS = {
    "ROR_DOWNLOAD_URL": "https://example.org/ror.zip",
    "DATA_CITATION_CORPUS_DOWNLOAD_URL": "https://example.org/corpus.zip",
    "DATACITE_SOURCE": "https://example.org/",
    "OPENSEARCH_URL": "https://search.example.org",
}
MONTH = "dmpworks batch-submit all"


@pytest.fixture
def account(bucket, monkeypatch):
    """An account whose datasets are complete, and whose sync of the works index fails."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    bucket.put(f"dmps/{DAY}/download/file", b"uploaded by hand")
    for chain in CHAINS[:-2]:
        for job in chain.job_names:
            bucket.put(f"{chain.name}/{DAY}/{job}/file", b"uploaded by hand")
    secrets = [{"name": "DMP_DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}]
    batch = FakeBatch(definitions=[{"revision": 1, "containerProperties": {"image": "x", "secrets": secrets}}])
    batch.scripts["sync-works"] = [Execution(60, exit_code=1)]
    return Account(batch, batch, None, bucket, batch.sleep)


def submit_month(account):
    run_ids = {f"{chain.prefix}_RUN_ID": DAY for chain in CHAINS} | {"DMPS_RUN_ID": DAY}
    return send_parts(account, parts_of({"BUCKET_NAME": account.bucket.name, **run_ids}, None, account, offline=False))


def watch(account, run):
    """Follow a run to its end and return the exit code and what was shown."""
    shown = io.StringIO()
    ledger = Ledger(account.bucket, run)
    context = RunContext(account.client, None, account.client.clock, account.sleep)
    code = follow_on(ledger, context, Lines(Console(file=shown, soft_wrap=True, width=200)))
    return code, shown.getvalue()


def resume(account, run, *, force=False):
    state = Ledger(account.bucket, run).state()
    found = Sources({}, {}, state.newest.settings, "the ledger")
    resume_on_batch(account, chain_named(run.chain), found, "auto", state.newest, "again", force=force)


@pytest.fixture
def failed(account):
    """The month, after the sync of the works index has failed and both runs were watched."""
    submit_month(account)
    watch(account, WORKS)
    return account


def test_the_submission_records_the_runs_that_it_reads_from(account):
    submit_month(account)
    plans, works = (Ledger(account.bucket, run).state().newest for run in (PLANS, WORKS))
    assert plans.reads == {f"process-works/{DAY}": None}  # submitted together: its output is not there yet
    assert plans.command.startswith(MONTH)
    assert set(works.reads) == {f"{chain.name}/{DAY}" for chain in CHAINS[:-2]}
    assert all(works.reads.values())
    assert works.command is None


def test_a_run_whose_upstream_failed_names_the_failed_job_and_the_command_for_the_month(failed):
    code, shown = watch(failed, PLANS)
    last = shown.splitlines()[-1]
    assert code == 1
    assert f"it did not start, because process-works/{DAY} sync-works failed" in last
    assert f"then: {MONTH}" in last
    assert "runs resume" not in last
    state = current_state(Ledger(failed.bucket, PLANS)).state
    assert (state.status, {job.status for job in state.current}) == ("skipped", {"skipped"})


def test_a_run_whose_upstream_failed_is_not_resumed(failed):
    watch(failed, PLANS)
    sent = len(failed.client.jobs)
    with pytest.raises(PreflightError) as caught:
        resume(failed, PLANS)
    assert caught.value.on == f"upstream run process-works/{DAY}: its job sync-works is failed"
    assert "--force reads what it left" in caught.value.next
    assert len(failed.client.jobs) == sent


def test_force_resumes_it_and_says_what_that_means(failed, capsys):
    watch(failed, PLANS)
    resume(failed, PLANS, force=True)
    assert "results then mix older and newer data" in capsys.readouterr().err
    assert Ledger(failed.bucket, PLANS).state().live


def test_the_same_command_again_continues_the_whole_month(failed):
    watch(failed, PLANS)
    failed.client.scripts["sync-works"] = [Execution(60)]
    sent = submit_month(failed)
    assert set(sent) == {"process-works", "process-dmps"}
    failed.sleep(3600)
    assert [watch(failed, run)[0] for run in (WORKS, PLANS)] == [0, 0]


def test_a_run_is_not_resumed_on_output_that_was_replaced_since(account):
    submit_month(account)
    account.sleep(3600)
    watch(account, WORKS)
    recorded = Ledger(account.bucket, WORKS).state().newest.reads
    now = {**recorded, f"ror/{DAY}": "0" * 64}
    (problem,) = upstream_problems(account.bucket, chain_named("process-works"), now, recorded)
    assert (problem.run, problem.why) == (f"ror/{DAY}", "its output was replaced since the submission")


def test_a_run_is_not_resumed_on_a_newer_index_than_its_submission_expected(account):
    newer = {"process-works/2026-11-01": "1" * 64}
    recorded = {f"process-works/{DAY}": "0" * 64}
    (problem,) = upstream_problems(account.bucket, chain_named("process-dmps"), newer, recorded)
    assert problem.why == f"process-works/2026-11-01 has run since the submission, which expected process-works/{DAY}"


def test_ledgers_without_upstream_runs_can_still_be_read(account):
    submit_month(account)
    newest = Ledger(account.bucket, PLANS).state().newest
    fields = msgspec.json.decode(msgspec.json.encode(newest))
    old = {name: value for name, value in fields.items() if name not in ("reads", "command")}
    assert msgspec.json.decode(msgspec.json.encode(old), type=type(newest)).reads == {}
