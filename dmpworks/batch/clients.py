"""Clients of AWS: made here, then passed to whoever asks."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from dmpworks.batch.aws_errors import no_region

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_logs import CloudWatchLogsClient

SOON = 5  # seconds


def batch_client(region: str | None, *, only_reads: bool = False) -> "BatchClient":
    """Return a client of AWS Batch; raises PreflightError when no region or no such profile is known.

    SubmitJob knows no client token: a call that botocore repeats by itself can make two jobs of one. Hence only a
    client that only reads repeats calls.
    """
    client: BatchClient = _client("batch", region, repeats=only_reads)
    return client


def logs_client(region: str | None) -> "CloudWatchLogsClient":
    """Return a client of CloudWatch Logs; raises PreflightError when no region or no such profile is known."""
    client: CloudWatchLogsClient = _client("logs", region, repeats=True)
    return client


def ecr_client(region: str | None) -> Any:
    """Return a client of ECR, the registry of images; raises PreflightError when no region or profile is known."""
    return _client("ecr", region, repeats=True)


def sts_client(region: str | None) -> Any:
    """Return a client of STS that gives up soon; raises PreflightError when no region or no such profile is known."""
    return _client("sts", region, repeats=False, connect_timeout=SOON, read_timeout=SOON)


def _client(service: Any, region: str | None, *, repeats: bool, **limits: Any) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries={"mode": "standard"} if repeats else {"total_max_attempts": 1}, **limits)
    try:
        return boto3.client(service, region_name=region, config=config)
    except BotoCoreError as error:
        raise no_region(error) from error
