"""`dmpworks batch-submit all`: the month; datasets side by side, then the works index, then the plans."""

import json

import boto3
import pytest

from dmpworks.catalog import CHAINS
from dmpworks.cli import main
from dmpworks.commands.shared.submission import Account
from dmpworks.commands.submit_all import parts_of, send_parts
from dmpworks.errors import PreflightError, SubmitError
from dmpworks.runs.ledger.store import Ledger, RunName, run_names
from dmpworks.services.storage import open_bucket
from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Execution, Fault, refused

DAY = "2026-10-01"
DATASETS = ["ror", "openalex-works", "crossref-metadata", "datacite", "data-citation-corpus"]
SETTINGS = {
    "ROR_DOWNLOAD_URL": "https://example.org/ror.zip",
    "DATA_CITATION_CORPUS_DOWNLOAD_URL": "https://example.org/corpus.zip",
    "DATACITE_SOURCE": "https://example.org/",
    "OPENSEARCH_URL": "https://search.example.org",
}
RUN_IDS = [option for chain in CHAINS for option in (f"--{chain.name}-run-id", DAY)]
ALL = ["batch-submit", "all", *RUN_IDS, "--dmps-run-id", DAY]


@pytest.fixture
def month(batch_account, s3_bucket, monkeypatch):
    """The command for the whole month, in an account whose job definition supplies the database."""
    boto3.client("batch").register_job_definition(
        jobDefinitionName="dmpworks-dev",
        type="container",
        containerProperties={
            "image": "dmpworks:latest",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
            "secrets": [{"name": "DMP_DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}],
        },
    )
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    return [*ALL, "--bucket-name", s3_bucket]


@pytest.fixture
def place(month, s3_bucket):
    return open_bucket(s3_bucket, "us-east-1")


def upload(place, *phases):
    """Put output of jobs into the bucket, as if people had uploaded it."""
    for phase in phases:
        place.put(f"{phase}/file", b"uploaded by hand")


def requests(month, capsys):
    main([*month, "--dry-run", "--json"])
    return {each["jobName"].removeprefix("dmpworks-dev-"): each for each in json.loads(capsys.readouterr().out)}


def before(request):
    return [each["jobId"] for each in request.get("dependsOn", [])]


def test_the_datasets_run_side_by_side_and_the_rest_waits_for_them(month, capsys):
    found = requests(month, capsys)
    assert len(found) == sum(len(chain.jobs) for chain in CHAINS)
    for dataset in DATASETS:
        assert before(found[f"{dataset}-{DAY}-download"]) == []
        assert before(found[f"{dataset}-{DAY}-transform"]) == ["<id of download>"]
    assert before(found[f"process-works-{DAY}-sqlmesh-transform"]) == [f"<id of {name} transform>" for name in DATASETS]
    assert before(found[f"process-dmps-{DAY}-sync-dmps"]) == ["<id of process-works sync-works>"]


def test_what_is_complete_is_left_out_and_waited_for_by_nobody(month, place, capsys):
    upload(place, *(f"{name}/{DAY}/{job}" for name in DATASETS[1:] for job in ("download", "transform")))
    upload(place, f"ror/{DAY}/download")
    found = requests(month, capsys)
    assert list(found)[:2] == [f"ror-{DAY}-transform", f"process-works-{DAY}-sqlmesh-transform"]
    assert before(found[f"process-works-{DAY}-sqlmesh-transform"]) == ["<id of ror transform>"]


def test_when_all_is_complete_nothing_is_submitted(month, place, capsys):
    upload(place, *(f"{chain.name}/{DAY}/{job}" for chain in CHAINS for job in chain.job_names))
    main([*month, "--json"])
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "complete and current, not submitted: ror, openalex-works" in err
    assert run_names(place) == []


def test_the_month_is_submitted_and_recorded(month, place, capsys):
    upload(place, f"dmps/{DAY}/download")
    main([*month, "--json"])
    sent = {each["chain"]: each["jobs"] for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert list(sent) == [chain.name for chain in CHAINS]
    (told,) = boto3.client("batch").describe_jobs(jobs=[sent["process-works"]["sqlmesh-transform"]])["jobs"]
    assert {each["jobId"] for each in told["dependsOn"]} == {sent[name]["transform"] for name in DATASETS}
    assert run_names(place) == sorted(RunName(chain.name, DAY) for chain in CHAINS)
    state = Ledger(place, RunName("process-dmps", DAY)).state()
    assert [job.id for job in state.current] == list(sent["process-dmps"].values())


def test_what_is_wrong_with_any_chain_is_told_at_once(month, place, monkeypatch, capsys):
    monkeypatch.delenv("ROR_DOWNLOAD_URL")
    monkeypatch.delenv("DATA_CITATION_CORPUS_DOWNLOAD_URL")
    with pytest.raises(SystemExit) as caught:
        main(month)
    assert caught.value.code == 2
    assert "failed: ror: ROR_DOWNLOAD_URL is not set; data-citation-corpus: DATA_CITATION_" in capsys.readouterr().err
    assert run_names(place) == []


def test_a_mistake_that_several_chains_share_is_told_once(month, monkeypatch, capsys):
    monkeypatch.setenv("MAX_BAD_RECORDS", "few")
    with pytest.raises(SystemExit):
        main(month)
    assert capsys.readouterr().err.count("MAX_BAD_RECORDS cannot be 'few'") == 1


def test_a_failed_check_of_any_chain_stops_all(month, place, monkeypatch, capsys):
    monkeypatch.delenv("OPENSEARCH_URL")
    upload(place, f"dmps/{DAY}/download")
    with pytest.raises(SystemExit) as caught:
        main(month)
    assert caught.value.code == 2
    assert (
        "failed: 3 checks failed: settings of process-works sync-works, settings of process-dmps sync-dmps"
        in capsys.readouterr().err
    )
    assert run_names(place) == []


def test_plans_that_nobody_uploaded_stop_all(month, place, capsys):
    with pytest.raises(SystemExit):
        main(month)
    assert f"input dmps/{DAY}/download: no plans were uploaded" in capsys.readouterr().err
    assert run_names(place) == []


def test_offline_shows_every_job(capsys, monkeypatch):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    main([*ALL, "--bucket-name", "my-bucket", "--dry-run", "--offline"])
    out = capsys.readouterr().out
    assert out.count("would be submitted") == len(CHAINS)
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "ror transform, openalex-works transform, crossref-metadata transform" in words
    jobs = sum(len(chain.jobs) for chain in CHAINS)
    assert f"all: {jobs} jobs of {len(CHAINS)} chains cost, an estimate: at most $" in words
    assert words.endswith("not checked: queues, bucket, inputs. next: dmpworks doctor")


@pytest.mark.parametrize("how", [[], ["--dry-run", "--offline"]])
def test_a_folder_is_no_bucket_for_it(how, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([*ALL, "--bucket-name", f"{tmp_path}/", *how])
    assert "AWS Batch cannot read a folder of this machine" in capsys.readouterr().err


# with a fake that remembers what is live


@pytest.fixture
def account(bucket, monkeypatch):
    """An account whose AWS Batch runs jobs, and a folder as bucket, with plans uploaded."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    upload(bucket, f"dmps/{DAY}/download")
    secrets = [{"name": "DMP_DATABASE_URL", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/db"}]
    batch = FakeBatch(definitions=[{"revision": 1, "containerProperties": {"image": "x", "secrets": secrets}}])
    return Account(batch, batch, None, bucket, batch.sleep)


def month_of(account):
    run_ids = {f"{chain.prefix}_RUN_ID": DAY for chain in CHAINS} | {"DMPS_RUN_ID": DAY}
    return parts_of({"BUCKET_NAME": account.bucket.name, **run_ids}, None, account, offline=False)


def test_a_refused_chain_leaves_those_before_it_and_the_same_again_adopts_them(account):
    account.client.faults.append(Fault("SubmitJob", refused("SubmitJob", "ClientException", "no"), after=5))
    with pytest.raises(SubmitError) as caught:
        send_parts(account, month_of(account))
    assert caught.value.what == f"AWS Batch refused crossref-metadata {DAY} transform"
    assert caught.value.on.endswith("the chains before it go on: ror, openalex-works")
    account.client.sleep(5)
    sent = send_parts(account, month_of(account))
    assert [name for name, jobs in sent.items() if all(each.adopted for each in jobs)] == ["ror", "openalex-works"]
    every = send_parts(account, month_of(account))
    assert all(each.adopted for jobs in every.values() for each in jobs)
    live = [job for job in account.client.jobs.values() if job.live]
    assert len(live) == sum(len(chain.jobs) for chain in CHAINS)


def test_a_chain_that_cannot_be_asked_about_midway_tells_what_was_sent(account):
    parts = month_of(account)
    account.client.faults.append(Fault("ListJobs", refused("ListJobs", "AccessDeniedException", "no"), after=18))
    with pytest.raises(PreflightError) as caught:
        send_parts(account, parts)
    assert caught.value.on.endswith("go on: ror, openalex-works, crossref-metadata, datacite")
    assert caught.value.exit_code == 1  # not 2: something was submitted


def test_a_month_whose_datasets_are_partly_done_is_adopted_as_it_stands(account):
    account.client.scripts = {f"ror-{DAY}-{job}": [Execution(5)] for job in ("download", "transform")}
    account.client.scripts[""] = [Execution(600)]
    sent = send_parts(account, month_of(account))
    while account.client.jobs[sent["ror"][1].id].live:
        account.client.sleep(10)
    upload(account.bucket, f"ror/{DAY}/download", f"ror/{DAY}/transform")  # as its containers would
    again = send_parts(account, month_of(account))
    assert "ror" not in again
    assert all(each.adopted for jobs in again.values() for each in jobs)


def test_the_month_runs_in_order(account):
    send_parts(account, month_of(account))
    account.client.sleep(3600)
    jobs = {job.name.removeprefix("dmpworks-dev-"): job for job in account.client.jobs.values()}
    assert {job.status for job in jobs.values()} == {"SUCCEEDED"}
    begun = {name: job.attempts[0]["startedAt"] for name, job in jobs.items()}
    ended = {name: job.attempts[0]["stoppedAt"] for name, job in jobs.items()}
    assert max(ended[f"{name}-{DAY}-transform"] for name in DATASETS) < begun[f"process-works-{DAY}-sqlmesh-transform"]
    assert ended[f"process-works-{DAY}-sync-works"] < begun[f"process-dmps-{DAY}-sync-dmps"]
