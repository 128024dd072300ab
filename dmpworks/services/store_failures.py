"""What the failures of an object store mean to us."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from dmpworks.errors import DmpworksError, JobError, TemporaryError

DENIED = ("403 Forbidden", "401 Unauthorized", "ExpiredToken")  # a listing hides them in a general error


@contextmanager
def translate_errors(name: str, key: str, is_folder: bool) -> Iterator[None]:
    """Turn the store's own failures into ours; a missing object stays a FileNotFoundError."""
    try:
        yield
    except (AlreadyExistsError, FileNotFoundError):
        raise
    except BaseError as error:
        raise _failure(error, f"{name}/{key}: {str(error).splitlines()[0]}", is_folder) from error


def _failure(error: BaseError, on: str, is_folder: bool) -> DmpworksError:
    """Return what a store's failure means: only a server that is busy or away is worth another attempt."""
    if is_folder:
        return JobError("the folder could not be used as a bucket", on=on, next="check its permissions and free space")
    if isinstance(error, PreconditionError):
        return JobError("an object changed while it was read", on=on, next="run the job again")
    denied = isinstance(error, (PermissionDeniedError, UnauthenticatedError))
    if denied or any(sign in str(error) for sign in DENIED):
        return JobError(
            "the object store refused these credentials",
            on=on,
            next="aws sso login, or ask for permission to list, read, write and delete in this bucket",
        )
    return TemporaryError(
        "the object store request failed",
        on=on,
        next="check the network, the credentials and the bucket's name, then try again",
    )
