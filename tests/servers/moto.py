"""moto, the AWS simulator, as a server on loopback: S3 and AWS Batch in simple mode (nothing runs)."""

import json
import urllib.request
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

REGION = "us-east-1"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Address of a moto server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    url = f"http://127.0.0.1:{port}"
    _post(f"{url}/moto-api/config", {"batch": {"use_docker": False}})
    yield url
    server.stop()


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh simulated AWS account that every client of this process finds by its environment; gives its address."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_url}/moto-api/reset", method="POST"))
    _post(f"{moto_url}/moto-api/config", {"batch": {"use_docker": False}})
    for name, value in aws_environment(moto_url).items():
        monkeypatch.setenv(name, value)
    return moto_url


def aws_environment(url: str) -> dict[str, str]:
    """Return what a process needs to talk to the simulated account."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


@pytest.fixture
def s3_bucket(aws: str) -> str:
    """Name of an empty S3 bucket in the simulated account."""
    boto3.client("s3").create_bucket(Bucket="dmpworks-test")
    return "dmpworks-test"


@pytest.fixture
def batch_account(aws: str) -> None:
    """Queues `dmpworks-dev` and `dmpworks-dev-large`, and the job definition `dmpworks-dev` in two revisions."""
    role = boto3.client("iam").create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    batch = boto3.client("batch")
    environment = batch.create_compute_environment(
        computeEnvironmentName="machines", type="UNMANAGED", state="ENABLED", serviceRole=role
    )["computeEnvironmentArn"]
    for queue in ("dmpworks-dev", "dmpworks-dev-large"):
        order = [{"order": 1, "computeEnvironment": environment}]
        batch.create_job_queue(jobQueueName=queue, state="ENABLED", priority=1, computeEnvironmentOrder=order)
    for _ in range(2):
        batch.register_job_definition(
            jobDefinitionName="dmpworks-dev",
            type="container",
            containerProperties={
                "image": "dmpworks:latest",
                "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
            },
        )


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
