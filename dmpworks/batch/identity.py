"""Which AWS account the credentials belong to: shown wherever a command reads from AWS or sends to it."""

from typing import Any

from dmpworks.batch.aws_errors import REFUSALS, as_dmpworks_error
from dmpworks.batch.clients import sts_client
from dmpworks.errors import DmpworksError

# botocore's names of sources that belong to no profile
SOURCES = {
    "env": "keys of the environment",
    "iam-role": "role of the machine",
    "container-role": "role of the container",
    "assume-role-with-web-identity": "web identity",
}


def describe_account(region: str | None) -> str:
    """Return account, profile (or other source of credentials) and region in one line of text.

    Raises PreflightError or TemporaryError when AWS does not say whose the credentials are.
    """
    import boto3

    try:
        session = boto3.Session()
        client = sts_client(region)
        account = client.get_caller_identity()["Account"]
    except REFUSALS as error:
        raise as_dmpworks_error(error, "the account (sts:GetCallerIdentity)") from error
    return f"account {account}, {_source(session)}, region {client.meta.region_name}"


def account_line(region: str | None) -> str:
    """Return the same, or why AWS does not say it: a line for people stops nothing."""
    try:
        return f"AWS: {describe_account(region)}"
    except DmpworksError as error:
        return f"AWS: account unknown: {error.what} ({error.on})"


def _source(session: Any) -> str:
    credentials = session.get_credentials()
    other = SOURCES.get(credentials.method) if credentials else None
    return other or f"profile {session.profile_name}"
