"""What a person types, and what the terminal answers: help, dry runs, mistakes; every chain of the catalog."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.jobs.wiring import chain_settings, submit_settings

PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"COLUMNS": "200"}
BY_NAME = {chain.name: chain for chain in CHAINS}


def dmpworks(*arguments, cwd=None, **environ):
    return subprocess.run(
        [sys.executable, "-m", "dmpworks", *arguments],
        env=PLAIN | environ,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


def some_values(chain) -> dict[str, str]:
    """Return a value for each required setting of a chain."""
    required = [setting for setting in chain_settings(chain) if setting.required]
    return {setting.variable: "2026-10-01" if setting.format else "my-bucket" for setting in required}


def three_lines(answer) -> list[str]:
    lines = answer.stderr.rstrip("\n").split("\n")[-3:]
    assert [line.split(":")[0].strip() for line in lines] == ["failed", "on", "next"], answer.stderr
    assert "Traceback" not in answer.stderr
    return lines


@pytest.mark.parametrize("verb", ["batch-submit", "run"])
@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_help_explains_every_setting(chain, verb):
    answer = dmpworks(verb, chain.name, "--help")
    assert answer.returncode == 0
    settings = submit_settings(chain) if verb == "batch-submit" else chain_settings(chain)
    said = " ".join(answer.stdout.replace("│", " ").split())
    for setting in settings:
        assert setting.variable in said
        if not setting.secret:
            assert f"{setting.option(chain.prefix)} " in said
            assert f"[env: {setting.variable}]" in said


def test_the_help_of_a_chain_names_its_options():
    said = dmpworks("batch-submit", "ror", "--help").stdout
    for option in ("env", "run-id", "bucket-name", "download-url", "hash", "file-name", "start-job", "dry-run", "json"):
        assert f"--{option}" in said


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_a_dry_run_prints_the_exact_requests(chain, tmp_path):
    answer = dmpworks(
        "batch-submit", chain.name, "--dry-run", "--offline", "--json", cwd=tmp_path, **some_values(chain)
    )
    assert answer.returncode == 0, answer.stderr
    requests = json.loads(answer.stdout)
    assert [request["containerOverrides"]["command"] for request in requests] == [
        ["aws-batch", chain.name, job] for job in chain.job_names
    ]
    assert [request["jobName"] for request in requests] == [
        f"dmpworks-dev-{chain.name}-2026-10-01-{job}" for job in chain.job_names
    ]
    secrets = {setting.variable for setting in submit_settings(chain) if setting.secret}
    for request in requests:
        assert not secrets & {pair["name"] for pair in request["containerOverrides"]["environment"]}


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_start_job_offers_the_jobs_of_the_chain(chain, tmp_path):
    last = chain.job_names[-1]
    values = some_values(chain)
    answer = dmpworks(
        "batch-submit", chain.name, "--start-job", last, "--dry-run", "--offline", "--json", cwd=tmp_path, **values
    )
    assert len(json.loads(answer.stdout)) == 1
    refused = dmpworks("batch-submit", chain.name, "--start-job", "nonsense", "--dry-run", cwd=tmp_path, **values)
    assert refused.returncode == 2
    assert "nonsense" in three_lines(refused)[1]


def test_a_dry_run_without_credentials_says_so_and_goes_on(tmp_path):
    answer = dmpworks(
        "batch-submit",
        "ror",
        "--dry-run",
        cwd=tmp_path,
        AWS_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
        **some_values(BY_NAME["ror"]),
    )
    assert answer.returncode == 0
    assert "definition dmpworks-dev without revision: there are no AWS credentials" in answer.stderr


def test_a_start_job_from_the_environment_is_said_aloud(tmp_path):
    values = some_values(BY_NAME["ror"]) | {"ROR_START_JOB": "transform"}
    answer = dmpworks("batch-submit", "ror", "--dry-run", "--offline", cwd=tmp_path, **values)
    assert "ror starts at transform, because ROR_START_JOB says so" in answer.stderr


def test_a_missing_setting(tmp_path):
    answer = dmpworks("batch-submit", "ror", "--bucket-name", "b", "--run-id", "2026-10-01", cwd=tmp_path)
    what, on, next_step = three_lines(answer)
    assert answer.returncode == 2
    assert what == "failed: ROR_DOWNLOAD_URL is not set"
    assert "the option --download-url, the environment, .env.aws-batch" in on
    assert "--download-url" in next_step


def test_an_unknown_variable(tmp_path):
    answer = dmpworks("run", "ror", cwd=tmp_path, ROR_DOWNLOD_URL="x")
    assert answer.returncode == 2
    assert three_lines(answer)[2] == "  next: did you mean ROR_DOWNLOAD_URL?"


def test_an_unknown_variable_in_the_file(tmp_path):
    (tmp_path / ".env.aws-batch").write_text("BUCKET=x\n")
    answer = dmpworks("run", "ror", cwd=tmp_path)
    assert answer.returncode == 2
    assert three_lines(answer)[1].endswith("found in .env.aws-batch")


def test_the_file_of_settings_is_read_by_the_submitter(tmp_path):
    lines = [f"{name}={value}" for name, value in some_values(BY_NAME["ror"]).items()]
    (tmp_path / "mine").write_text("\n".join(lines))
    answer = dmpworks("batch-submit", "ror", "--env-file", "mine", "--dry-run", "--offline", "--json", cwd=tmp_path)
    assert len(json.loads(answer.stdout)) == 2


def test_a_bucket_that_does_not_exist(tmp_path):
    values = some_values(BY_NAME["ror"]) | {"BUCKET_NAME": "./nowhere"}
    answer = dmpworks("run", "ror", cwd=tmp_path, **values)
    assert answer.returncode == 2
    assert three_lines(answer)[0] == "failed: the bucket does not exist"


def test_a_wrong_option(tmp_path):
    answer = dmpworks("run", "ror", "--downlod-url", "x", cwd=tmp_path)
    assert answer.returncode == 2
    assert "--downlod-url" in three_lines(answer)[1]


def test_an_unknown_job_of_a_container():
    answer = dmpworks("aws-batch", "ror", "sync")
    assert answer.returncode == 2
    assert three_lines(answer)[2].strip() == "next: one of download, transform"


def test_a_start_job_whose_input_is_missing(tmp_path):
    (tmp_path / "bucket").mkdir()
    values = {"BUCKET_NAME": "./bucket", "ROR_RUN_ID": "2026-10-01"}
    answer = dmpworks("run", "ror", "--start-job", "transform", cwd=tmp_path, **values)
    what, on, next_step = three_lines(answer)
    assert answer.returncode == 2
    assert what == "failed: cannot start ror at transform: the job download of ror 2026-10-01 has not run"
    assert "_manifest.json does not exist" in on
    assert "--start-job download" in next_step
    assert list((tmp_path / "bucket").iterdir()) == []


def test_a_folder_is_no_bucket_for_aws(tmp_path):
    values = some_values(BY_NAME["ror"]) | {"BUCKET_NAME": f"{tmp_path}/"}
    answer = dmpworks("batch-submit", "ror", cwd=tmp_path, **values)
    assert answer.returncode == 2
    assert three_lines(answer)[0] == "failed: AWS Batch cannot read a folder of this machine"


def test_submission_against_a_simulated_account(batch_account, s3_bucket, aws, tmp_path):
    from tests.servers.moto import aws_environment

    values = some_values(BY_NAME["ror"]) | {"BUCKET_NAME": s3_bucket} | aws_environment(aws)
    answer = dmpworks("batch-submit", "ror", "--json", cwd=tmp_path, **values)
    assert answer.returncode == 0, answer.stderr
    assert list(json.loads(answer.stdout)["jobs"]) == ["download", "transform"]
    dry = dmpworks("batch-submit", "ror", "--dry-run", "--json", cwd=tmp_path, **values)
    assert {request["jobDefinition"] for request in json.loads(dry.stdout)} == {"dmpworks-dev:2"}


def test_a_dry_run_refuses_what_the_submission_would_refuse(tmp_path):
    values = some_values(BY_NAME["ror"]) | {"BUCKET_NAME": "s3://my-bucket"}
    answer = dmpworks("batch-submit", "ror", "--dry-run", "--offline", cwd=tmp_path, **values)
    assert answer.returncode == 2
    assert three_lines(answer)[0] == "failed: AWS Batch cannot read a folder of this machine"


def test_a_reader_that_had_enough_gets_no_noise(tmp_path):
    shell = '"$0" -m dmpworks batch-submit ror --dry-run --offline | true; echo ${PIPESTATUS[0]}'
    answer = subprocess.run(
        ["bash", "-c", shell, sys.executable],
        env=PLAIN | some_values(BY_NAME["ror"]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert answer.stdout == "1\n"
    assert answer.stderr == "definition dmpworks-dev without revision: AWS was not asked\n"


READS_A_BUCKET = ["runs", "list", "--bucket-name", "./bucket"]
DRY_RUN = ["batch-submit", "ror", "--dry-run", "--offline"]


def bucket_with_a_run(folder):
    """Make a bucket whose one run names what Latin-1 cannot spell."""
    at = "2026-10-01T00:00:00Z"
    event = {"event": "started", "at": at, "by": "ada@\u4e2d\u6587", "job": "download", "attempt": "a"}
    ledger = folder / "bucket/runs/ror/2026-10-01"
    ledger.mkdir(parents=True)
    (ledger / "000001.json").write_text(json.dumps(event))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["batch-submit", "ror", "--help"],
        READS_A_BUCKET,
        [*READS_A_BUCKET, "--json"],
        DRY_RUN,
        [*DRY_RUN, "--json"],
        ["runs", "report", "--bucket-name", "./bucket"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("python", [[], ["-u"]], ids=["buffered", "unbuffered"])
def test_output_that_finds_no_room_is_one_message(arguments, python, tmp_path):
    bucket_with_a_run(tmp_path)
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, *python, "-m", "dmpworks", *arguments],
            env=PLAIN | some_values(BY_NAME["ror"]) | {"BUCKET_NAME": "my-bucket"},
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert answer.returncode == 1
    what, on, _ = three_lines(answer)
    assert what == "failed: the output could not be written"
    assert on == "  on:   standard output: No space left on device"


def test_a_failure_whose_message_finds_no_room_keeps_its_exit_code(tmp_path):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "dmpworks", "run", "nonsense"], env=PLAIN, cwd=tmp_path, stderr=full
        )
    assert answer.returncode == 2


@pytest.mark.parametrize("arguments", [READS_A_BUCKET, ["--help"], ["runs", "show", "--bucket-name", "./bucket"]])
def test_a_reader_that_is_gone_gets_no_message(arguments, tmp_path):
    bucket_with_a_run(tmp_path)
    shell = 'exec 3> >(true); sleep 0.5; "$0" -m dmpworks "$@" >&3; echo "$?"'
    answer = subprocess.run(
        ["bash", "-c", shell, sys.executable, *arguments], env=PLAIN, cwd=tmp_path, capture_output=True, text=True
    )
    assert (answer.stdout, answer.stderr) == ("1\n", "")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_letters_that_the_terminal_cannot_show_become_question_marks(encoding, tmp_path):
    bucket_with_a_run(tmp_path)
    for command in (["show", "--events"], ["report"]):
        answer = subprocess.run(
            [sys.executable, "-m", "dmpworks", "runs", *command, "--bucket-name", "./bucket"],
            env=PLAIN | {"PYTHONIOENCODING": encoding},
            cwd=tmp_path,
            capture_output=True,
            encoding=encoding,
        )
        assert (answer.returncode, answer.stderr) == (0, "")
        assert command == ["report"] or "ada@??" in answer.stdout


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_json_is_the_same_in_every_encoding(encoding, tmp_path):
    bucket_with_a_run(tmp_path)
    where = ["--bucket-name", "./bucket", "--json"]
    answer = dmpworks("runs", "show", "--events", *where, cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert json.loads(answer.stdout)["events"][0]["by"] == "ada@\u4e2d\u6587"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_takes_its_job_along(number, endless, tmp_path):
    bucket = tmp_path / "my bucket"
    bucket.mkdir()
    options = ["--bucket-name", str(bucket), "--run-id", "2026-10-01", "--download-url", endless]
    command = [sys.executable, "-m", "dmpworks", "run", "ror", *options]
    process = subprocess.Popen(
        command, env=PLAIN, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    begun = bucket / "ror/2026-10-01/download/_started.json"
    until = time.monotonic() + 30
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    answer = subprocess.CompletedProcess(command, 130, "", said)
    what, _, next_step = three_lines(answer)
    assert what == "failed: ror stopped: its job download was interrupted"
    assert next_step.endswith(f"--download-url={endless} --start-job=download")
    assert list((bucket / "local/scratch").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
