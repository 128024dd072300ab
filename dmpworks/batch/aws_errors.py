"""Classify failed calls to AWS: the only module that reads botocore's errors, and what to do about each."""

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    LoginError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnknownCredentialError,
    UnknownTokenProviderError,
)
from botocore.exceptions import ConnectionError as NoConnection

from dmpworks.errors import DmpworksError, PreflightError, TemporaryError
from dmpworks.settings.resolve import environment

T = TypeVar("T")
WAITS = (1.0, 2.0, 4.0, 8.0)  # seconds between attempts of a throttled call
REFUSALS = (ClientError, BotoCoreError)  # everything that a call to AWS may raise
Kind = Literal[
    "throttled",
    "sso",
    "login",
    "expired",
    "unknown key",
    "wrong signature",
    "clock",
    "denied",
    "no network",
    "no credentials",
    "no profile",
    "credential source",
    "configuration",
    "server",
    "refused",
]

_BY_CODE: dict[str, Kind] = {
    **dict.fromkeys(("TooManyRequestsException", "ThrottlingException", "Throttling"), "throttled"),
    **dict.fromkeys(("RequestLimitExceeded", "RequestThrottled", "SlowDown"), "throttled"),
    **dict.fromkeys(("ExpiredTokenException", "ExpiredToken", "TokenRefreshRequired"), "expired"),
    **dict.fromkeys(("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"), "unknown key"),
    **dict.fromkeys(("InvalidToken", "NotAuthorized", "MissingAuthenticationToken"), "unknown key"),
    **dict.fromkeys(("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"), "wrong signature"),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"), "clock"),
    **dict.fromkeys(("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"), "denied"),
    **dict.fromkeys(("ServerException", "InternalFailure", "InternalError", "ServiceUnavailable"), "server"),
}
# of IAM Identity Center, from which botocore gets the credentials of an SSO profile
_BY_SSO_CODE: dict[str, Kind] = {"UnauthorizedException": "sso", "ForbiddenException": "denied"}
_SSO_OPERATIONS = ("GetRoleCredentials", "CreateToken", "RegisterClient")
_BY_TYPE: list[tuple[tuple[type[Exception], ...], Kind]] = [
    ((SSOError, TokenRetrievalError, NoAuthTokenError, UnknownTokenProviderError), "sso"),
    ((LoginError,), "login"),
    ((ProfileNotFound,), "no profile"),
    ((NoCredentialsError, PartialCredentialsError), "no credentials"),
    ((CredentialRetrievalError, MetadataRetrievalError, UnknownCredentialError), "credential source"),
    ((ConfigNotFound, ConfigParseError, InvalidConfigError), "configuration"),
    ((NoConnection, HTTPClientError), "no network"),
]
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
        "sso": ("the SSO session of the AWS profile has expired, or was never begun", f"aws sso login{_profile()}"),
        "login": ("the AWS sign-in has expired, or was never begun", f"aws login{_profile()}"),
        "expired": (
            "the AWS credentials have expired",
            f"aws sso login{_profile()}, or set new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
        ),
        "unknown key": (
            "AWS does not know these credentials",
            "check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN (aws sts get-caller-identity)",
        ),
        "wrong signature": (
            "AWS rejects the signature of the request: a wrong clock or a wrong secret key",
            "compare the clock of this machine with the real time (date -u); then check AWS_SECRET_ACCESS_KEY",
        ),
        "clock": ("the clock of this machine is wrong", "set it (date -u shows it; timedatectl set-ntp true)"),
        "denied": ("these AWS credentials lack a permission", _missing_permission(error)),
        "no network": ("AWS cannot be reached", "check the network, AWS_REGION and AWS_ENDPOINT_URL"),
        "no credentials": (
            "there are no AWS credentials",
            "set AWS_PROFILE and run aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        "no profile": ("AWS_PROFILE names no profile", "set AWS_PROFILE to one of: aws configure list-profiles"),
        "credential source": (
            "the source of the AWS credentials failed",
            "check credential_process or the role of the profile in ~/.aws/config (aws sts get-caller-identity)",
        ),
        "configuration": ("the configuration of AWS cannot be read", "correct ~/.aws/config and ~/.aws/credentials"),
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
    for types, kind in _BY_TYPE:
        if isinstance(error, types):
            return kind
    if not isinstance(error, ClientError):
        return "refused"
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if error.operation_name in _SSO_OPERATIONS and code in _BY_SSO_CODE:
        return _BY_SSO_CODE[code]
    return _BY_CODE.get(code, "server" if status >= 500 else "refused")


def _profile() -> str:
    """Return the option that names the AWS profile in use, for a command to paste."""
    variables = environment()
    name = variables.get("AWS_PROFILE") or variables.get("AWS_DEFAULT_PROFILE")
    return f" --profile {shlex.quote(name)}" if name else ""


def _missing_permission(error: Exception) -> str:
    if getattr(error, "operation_name", None) in _SSO_OPERATIONS:
        return "ask for access to the account and role of the profile (sso_account_id, sso_role_name in ~/.aws/config)"
    return f"ask for {_action(error)}"


def _action(error: Exception) -> str:
    """Return the missing permission, as a policy names it."""
    if named := _ACTION.search(_said(error)):
        return named[1]
    operation = getattr(error, "operation_name", "the action")
    return f"{_SERVICES.get(operation, 'batch')}:{operation}"


def _said(error: Exception) -> str:
    message = error.response.get("Error", {}).get("Message") if isinstance(error, ClientError) else None
    return message or str(error)
