"""Classify failed calls to AWS: the only module that reads botocore's errors, and what to do about each."""

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
WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds between attempts of a throttled call
REFUSALS = (ClientError, BotoCoreError)  # everything that a call to AWS may raise
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
_SERVICES = {"GetLogEvents": "logs", "DescribeImages": "ecr"}  # all other calls belong to AWS Batch


class Cause(NamedTuple):
    """Meaning of a failed call to AWS, and what to do before trying again."""

    kind: Kind
    what: str
    remedy: str
    said: str  # as AWS words it

    @property
    def passing(self) -> bool:
        """Whether the same call may succeed later."""
        return self.kind in ("throttled", "no network", "server")

    @property
    def unanswered(self) -> bool:
        """Whether AWS may have executed the call: it gave no answer, or failed during it."""
        return self.kind in ("no network", "server")


def cause(error: Exception) -> Cause:
    """Return why a call to AWS failed; for the kind `refused` the caller says what was refused."""
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
    """Translate errors of AWS into ours: TemporaryError if the call may succeed later, else PreflightError."""
    try:
        yield
    except REFUSALS as error:
        raise as_dmpworks_error(error, on, again) from error


def patiently(ask: Callable[[], T], sleep: Callable[[float], None]) -> T:
    """Return AWS's answer, repeating the call while it is throttled; raises what the last attempt raised."""
    for wait in WAITS:
        try:
            return ask()
        except REFUSALS as error:
            if cause(error).kind != "throttled":
                raise
            sleep(wait)
    return ask()


def as_dmpworks_error(error: Exception, on: str, again: str = "try again") -> DmpworksError:
    """Return an error of AWS as an error of ours; `again` is what to do once the cause is fixed."""
    reason = cause(error)
    kind = TemporaryError if reason.passing else PreflightError
    return kind(reason.what, on=f"{on}: {reason.said}", next=f"{reason.remedy}, then: {again}")


def no_region(error: BotoCoreError) -> PreflightError:
    """Return why no AWS client could be made."""
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
    """Return the missing permission, as a policy names it."""
    if named := _ACTION.search(_said(error)):
        return named[1]
    operation = getattr(error, "operation_name", "the action")
    return f"{_SERVICES.get(operation, 'batch')}:{operation}"


def _said(error: Exception) -> str:
    message = error.response.get("Error", {}).get("Message") if isinstance(error, ClientError) else None
    return message or str(error)
