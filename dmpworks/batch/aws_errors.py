"""Why a call to AWS failed: the one place that reads botocore's errors and says what a person can do about them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.exceptions import ConnectionError as NoConnection

from dmpworks.errors import DmpworksError, PreflightError, TemporaryError

T = TypeVar("T")
WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds between attempts of a call that AWS was too busy to take
REFUSALS = (ClientError, BotoCoreError)  # all that a call to AWS may raise
Kind = Literal["throttled", "expired", "denied", "no network", "no credentials", "server", "refused"]

_BY_CODE: dict[str, Kind] = {
    **dict.fromkeys(("TooManyRequestsException", "ThrottlingException", "Throttling"), "throttled"),
    **dict.fromkeys(("RequestLimitExceeded", "RequestThrottled", "SlowDown"), "throttled"),
    **dict.fromkeys(("ExpiredTokenException", "ExpiredToken", "RequestExpired"), "expired"),
    **dict.fromkeys(("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"), "expired"),
    **dict.fromkeys(("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"), "denied"),
    **dict.fromkeys(("ServerException", "InternalFailure", "InternalError", "ServiceUnavailable"), "server"),
}
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:\w+)")
_SERVICES = {"GetLogEvents": "logs", "DescribeImages": "ecr"}  # of the calls that are not of AWS Batch itself


class Cause(NamedTuple):
    """What AWS's refusal means and what to do about it, before trying again."""

    kind: Kind
    what: str
    remedy: str
    said: str  # in AWS's own words

    @property
    def passing(self) -> bool:
        """Whether the same may do later."""
        return self.kind in ("throttled", "no network", "server")

    @property
    def unanswered(self) -> bool:
        """Whether AWS may have done what was asked: it gave no answer, or failed midway."""
        return self.kind in ("no network", "server")


def cause(error: Exception) -> Cause:
    """Return why a call to AWS failed; a `refused` one is for the caller to name."""
    kind = _kind(error)
    what, remedy = {
        "throttled": ("AWS is throttled: too many requests of this account", "wait a minute"),
        "expired": ("the AWS credentials have expired, or AWS does not know them", "aws sso login"),
        "denied": ("these AWS credentials lack a permission", f"ask for {_action(error)}"),
        "no network": ("AWS cannot be reached", "check the network, AWS_REGION and AWS_ENDPOINT_URL"),
        "no credentials": ("there are no AWS credentials", "aws sso login, or set AWS_PROFILE"),
        "server": ("AWS failed while answering", "wait a minute"),
        "refused": ("AWS refused", "fix the cause"),
    }[kind]
    return Cause(kind, what, remedy, _said(error))


@contextmanager
def asking(on: str, again: str = "try again") -> Iterator[None]:
    """Turn AWS's refusals of a question into ours; raises TemporaryError where it may pass, else PreflightError."""
    try:
        yield
    except REFUSALS as error:
        raise as_dmpworks_error(error, on, again) from error


def patiently(ask: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Return AWS's answer, asking again while it is throttled; raises what the last attempt raised."""
    for wait in WAITS:
        try:
            return ask()
        except REFUSALS as error:
            if cause(error).kind != "throttled":
                raise
            sleep(wait)
    return ask()


def as_dmpworks_error(error: Exception, on: str, again: str = "try again") -> DmpworksError:
    """Return the refusal of a question as an error of ours; `again` is what to do once the cause is fixed."""
    found = cause(error)
    kind = TemporaryError if found.passing else PreflightError
    return kind(found.what, on=f"{on}: {found.said}", next=f"{found.remedy}, then: {again}")


def no_region(error: BotoCoreError) -> PreflightError:
    """Return why no client of AWS could be made."""
    if isinstance(error, NoRegionError):
        return PreflightError("no AWS region is known", on="AWS Batch", next="give --aws-region, or set AWS_REGION")
    return PreflightError("AWS cannot be asked", on=str(error), next="check AWS_PROFILE and ~/.aws")


def _kind(error: Exception) -> Kind:
    if isinstance(error, (NoCredentialsError, PartialCredentialsError, ProfileNotFound)):
        return "no credentials"
    if isinstance(error, (TokenRetrievalError, UnauthorizedSSOTokenError)):
        return "expired"
    if isinstance(error, (NoConnection, HTTPClientError)):
        return "no network"
    answer = error.response if isinstance(error, ClientError) else {}
    code = answer.get("Error", {}).get("Code", "")
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _BY_CODE.get(code, "server" if status >= 500 else "refused")


def _action(error: Exception) -> str:
    """Return the action that is missing, as a policy names it."""
    if named := _ACTION.search(_said(error)):
        return named[1]
    operation = getattr(error, "operation_name", "the action")
    return f"{_SERVICES.get(operation, 'batch')}:{operation}"


def _said(error: Exception) -> str:
    message = error.response.get("Error", {}).get("Message") if isinstance(error, ClientError) else None
    return message or str(error)
