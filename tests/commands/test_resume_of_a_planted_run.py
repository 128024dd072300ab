"""Whoever may write `runs/` in the bucket gets neither today's secrets nor files of this machine by a resume."""

import msgspec
import pytest

from dmpworks.cli import main
from dmpworks.commands.shared.trusted_addresses import kept_definition
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.ledger.store import now, who
from tests.servers.answers import AnswerServer

RUN_ID = "2026-10-01"


def plant(bucket, chain: str, where: str = "local", by: str | None = None, **settings: str) -> None:
    """Write one object below runs/, as an attacker would."""
    run_id = f"{chain.upper().replace('-', '_')}_RUN_ID"
    jobs = {"download": {}, "transform": {}} if chain != "process-dmps" else {"sync-dmps": {}}
    event = {"event": "planned", "at": now(), "by": by or who(), "submission": 1, "where": where, "jobs": jobs}
    stated = {"skipped": {}, "version": "0", "settings": settings | {run_id: RUN_ID, "BUCKET_NAME": bucket.name}}
    bucket.put(f"runs/{chain}/{RUN_ID}/000001.json", msgspec.json.encode(event | stated))


def refused(capsys, *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        main(["runs", "resume", *arguments])
    return caught.value.code, capsys.readouterr().err


@pytest.fixture
def listener():
    server = AnswerServer()
    yield server
    server.close()


def test_a_password_is_not_sent_to_an_address_that_only_the_ledger_names(bucket, listener, monkeypatch, capsys):
    monkeypatch.setenv("DATACITE_USERNAME", "victim")
    monkeypatch.setenv("DATACITE_PASSWORD", "hunter2")
    plant(bucket, "datacite", DATACITE_API_URL=listener.url)
    code, said = refused(capsys, "latest", "--bucket-name", bucket.name, "--yes", "--here")
    assert (code, listener.asked) == (2, [])
    assert f"DATACITE_API_URL={listener.url}, here https://api.datacite.org" in said
    assert "add --set DATACITE_API_URL=VALUE" in said
    assert not bucket.list("datacite")


def test_a_password_is_sent_to_the_address_that_the_operator_names(bucket, listener, monkeypatch, capsys):
    monkeypatch.setenv("DATACITE_USERNAME", "ada")
    monkeypatch.setenv("DATACITE_PASSWORD", "s3cret")
    plant(bucket, "datacite", DATACITE_API_URL=listener.url)
    refused(capsys, "--bucket-name", bucket.name, "--set", f"DATACITE_API_URL={listener.url}")
    assert [asked.path for asked in listener.asked] == ["/credentials/datafile"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OPENSEARCH_URL", "https://search.attacker.example"),
        ("BATCH_QUEUE", "arn:aws:batch:us-east-1:666666666666:job-queue/q"),
        ("BATCH_QUEUE_LARGE", "attackers"),
        ("BATCH_JOB_DEFINITION", "attackers:7"),
    ],
)
def test_an_engine_queue_or_definition_that_only_the_ledger_names_is_refused(bucket, capsys, variable, value):
    plant(bucket, "process-dmps", where="batch", **{variable: value})
    code, said = refused(capsys, "process-dmps/latest", "--bucket-name", bucket.name)
    assert code == 2
    assert f"{variable}={value}, here nothing" in said
    assert f"add --set {variable}=VALUE" in said


def test_an_address_that_the_environment_names_too_is_taken(bucket, capsys, monkeypatch):
    monkeypatch.setenv("OPENSEARCH_URL", "https://search.example.org")
    plant(bucket, "process-dmps", where="batch", OPENSEARCH_URL="https://search.example.org")
    _, said = refused(capsys, "process-dmps/latest", "--bucket-name", bucket.name)
    assert "the ledger names addresses" not in said  # what stops it is the next check


def test_files_of_this_machine_are_not_copied_because_the_ledger_names_them(bucket, tmp_path, capsys):
    secrets = tmp_path / "home" / ".aws"
    secrets.mkdir(parents=True)
    (secrets / "creds.jsonl.gz").write_bytes(b"[default] aws_secret_access_key=AAA")
    plant(bucket, "crossref-metadata", CROSSREF_METADATA_SOURCE=str(secrets))
    code, said = refused(capsys, "crossref-metadata/latest", "--bucket-name", bucket.name)
    assert code == 2
    assert f"CROSSREF_METADATA_SOURCE={secrets}" in said
    assert said.rstrip().endswith("--yes")
    assert not bucket.list("crossref-metadata")


@pytest.mark.parametrize("source", ["file:///etc", "/etc", "etc", "../etc", "file:etc"])
def test_every_way_to_name_a_folder_is_asked_about(bucket, capsys, source):
    plant(bucket, "ror", ROR_DOWNLOAD_URL=source)
    code, said = refused(capsys, "--bucket-name", bucket.name)
    assert (code, f"ROR_DOWNLOAD_URL={source}" in said) == (2, True)


def test_the_same_folder_in_the_environment_needs_no_confirmation(bucket, data, capsys, monkeypatch):
    release = str(data / "planted" / "ror" / RUN_ID / "download")
    monkeypatch.setenv("ROR_DOWNLOAD_URL", release)
    plant(bucket, "ror", ROR_DOWNLOAD_URL=release)
    main(["runs", "resume", "--bucket-name", bucket.name])
    assert bucket.exists(f"ror/{RUN_ID}/transform/_manifest.json")


def test_a_run_of_somebody_else_is_not_run_here_unasked(bucket, capsys):
    plant(bucket, "ror", by="mallory@elsewhere", ROR_DOWNLOAD_URL="https://example.org/ror.zip")
    code, said = refused(capsys, "--bucket-name", bucket.name)
    assert code == 2
    assert "by mallory@elsewhere; here is " in said
    assert said.rstrip().endswith("--here")
    assert not bucket.list("ror")


def test_a_revision_is_kept_only_of_the_job_definition_that_is_set_here():
    planned = Planned(at=now(), by="a@b", submission=1, where="batch", jobs={}, skipped={}, settings={}, version="0")
    arn = "arn:aws:batch:eu-west-1:123456789012:job-definition/dmpworks-prod:7"
    for recorded, configured in [("dmpworks-prod:7", "dmpworks-prod"), (arn, "dmpworks-prod:9")]:
        assert kept_definition(msgspec.structs.replace(planned, definition=recorded), configured) == recorded
    for recorded in ["attackers:1", arn.replace("dmpworks-prod", "other"), None]:
        assert kept_definition(msgspec.structs.replace(planned, definition=recorded), "dmpworks-prod") is None
