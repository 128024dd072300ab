"""What the failures of an object store mean, and what a person can do about each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, PreconditionError

from dmpworks.errors import DmpworksError, JobError, PreflightError, SettingsError, TemporaryError

# obstore has no field for what S3 answered: its code and status are read from the answer that the error quotes.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (2026-11-30)
CODE = re.compile(r"<Code>(\w+)</Code>")
MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
STATUS = re.compile(r"status code: (\d{3})")
REQUEST = re.compile(r"Error performing (list request|[A-Z]+)")
RIGHT = re.compile(r"not authorized to perform:? ([a-z0-9-]+:\w+)")
NO_LOCATION = "Received redirect without LOCATION"  # object_store's whole word on a bucket of another region

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken", "RequestExpired")
UNKNOWN_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch")
CLOCK = ("RequestTimeTooSkewed",)
REGION = ("AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException")
THROTTLED = ("SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests")
RIGHTS = {
    "list request": "s3:ListBucket",
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject and s3:ListBucket",
    "PUT": "s3:PutObject",
    "DELETE": "s3:DeleteObject",
}


class Answer(NamedTuple):
    """What S3 answered, as far as the store's error quotes it; the answer to a HEAD has no code."""

    code: str
    status: int
    said: str  # in one line
    request: str  # a method of HTTP, or `list request`
    right: str | None  # that is missing, as a policy names it


@contextmanager
def translate_errors(name: str, key: str, is_folder: bool) -> Iterator[None]:
    """Turn the store's own failures into ours; a missing object stays a FileNotFoundError."""
    try:
        yield
    except (AlreadyExistsError, FileNotFoundError):
        raise
    except BaseError as error:
        raise _failure(error, name, key, is_folder) from error


def _failure(error: BaseError, name: str, key: str, is_folder: bool) -> DmpworksError:
    """Return what a store's failure means: only a server that is busy or away is worth another attempt."""
    place = f"{name}/{key}" if is_folder else f"s3://{name}/{key}"
    if is_folder:
        on = f"{place}: {str(error).splitlines()[0]}"
        return JobError("the folder could not be used as a bucket", on=on, next="check its permissions and free space")
    if isinstance(error, PreconditionError):
        return JobError("an object changed while it was read", on=place, next="run the job again")
    answer = _answer(error)
    return _refusal(answer, isinstance(error, PermissionDeniedError), name, f"{place}: {answer.said}")


def _refusal(answer: Answer, denied: bool, bucket: str, on: str) -> DmpworksError:
    """Return what S3's refusal means; after `then` a person may try again."""
    ask_region = f"aws s3api get-bucket-location --bucket {bucket}"
    kind: type[DmpworksError] = PreflightError
    if answer.code in REGION:
        kind, what, next = SettingsError, "the bucket is in another region", f"set AWS_REGION to it: {ask_region}"
    elif answer.code == "NoSuchBucket":
        kind, what, next = (
            SettingsError,
            "the bucket does not exist",
            "give another --bucket-name: aws s3 ls",
        )
    elif answer.code in EXPIRED:
        what, next = "the AWS credentials have expired", "aws sso login, then try again"
    elif answer.code in UNKNOWN_KEY:
        what, next = "AWS does not know these credentials", "check AWS_PROFILE and keys: aws sts get-caller-identity"
    elif answer.code in CLOCK:
        what, next = "the clock of this machine is wrong", "set it: timedatectl set-ntp true"
    elif denied or answer.status in (401, 403):
        right = answer.right or RIGHTS.get(answer.request, "s3:DeleteObject")
        what, next = "access to the bucket is denied", f"ask for the permission {right} on {bucket}"
    elif answer.status == 400:  # of a HEAD: S3 gives no code
        what, next = "S3 refused the request", f"aws sso login; or the bucket is in another region: {ask_region}"
    else:
        kind, (what, next) = TemporaryError, _passing(answer)
    return kind(what, on=on, next=next)


def _passing(answer: Answer) -> tuple[str, str]:
    if answer.code in THROTTLED or answer.status in (429, 503):
        return "S3 is throttled: too many requests", "wait a minute, then try again"
    if answer.status >= 500:
        return "S3 failed while answering", "wait a minute, then try again"
    return "S3 cannot be reached", "check the network, AWS_ENDPOINT_URL and AWS_REGION, then try again"


def _answer(error: BaseError) -> Answer:
    text = str(error).partition("\n\nDebug source")[0]
    first = text.splitlines()[0]
    code, message, status, request = (pattern.search(text) for pattern in (CODE, MESSAGE, STATUS, REQUEST))
    named = code[1] if code else "PermanentRedirect" if NO_LOCATION in text else ""
    said = f"{named}: {' '.join(message[1].split())}" if message else first.rpartition(" - ")[2].strip(": ")
    right = RIGHT.search(text)
    return Answer(
        named, int(status[1]) if status else 0, said, request[1] if request else "", right[1] if right else None
    )
