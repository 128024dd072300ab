"""A connection to an OpenSearch server: signing, time-outs, retries, and its errors as DmpworksError."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from opensearchpy import ConnectionError as NotConnected
from opensearchpy import (
    ImproperlyConfigured,
    OpenSearch,
    OpenSearchException,
    SSLError,
    TransportError,
    Urllib3AWSV4SignerAuth,
)

from dmpworks.errors import DmpworksError, SettingsError, SyncError, TemporaryError
from dmpworks.settings.shared import Search

T = TypeVar("T")

RETRYABLE = (429, 503)
_GATEWAY = (502, 504)  # a proxy in front of the cluster gave up: not over within a few seconds
_REFUSED = (401, 403)
_NOT_FOUND = 404


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server: seconds for one answer, attempts, and the first wait between two of them."""

    timeout: float = 120.0
    attempts: int = 6
    first_wait: float = 0.5
    longest_wait: float = 30.0


class Connection:
    """A connection to one server; every call is repeated while the server is busy or does not answer."""

    def __init__(self, url: str, client: OpenSearch, patience: Patience) -> None:
        self.url, self.client, self.patience = url, client, patience

    def call(self, on: str, function: Callable[[], T]) -> T:
        """Return the function's answer, repeated on 429, 503 and lost connections; `on` is for messages."""
        try:
            for attempt in self.attempts(is_retryable):
                with attempt:
                    return function()
        except (OpenSearchException, ImproperlyConfigured) as error:
            raise as_dmpworks_error(error, self.url, on) from error
        raise AssertionError("retries end with an answer or an error")

    def attempts(self, on: Any) -> Any:
        """Return the attempts that this connection's patience allows, with back-off and jitter in between."""
        patience = self.patience
        return stamina.retry_context(
            on=on,
            attempts=patience.attempts,
            timeout=None,
            wait_initial=patience.first_wait,
            wait_jitter=patience.first_wait,
            wait_max=patience.longest_wait,
        )


def connect(options: Search, region: str | None = None, patience: Patience = Patience()) -> Connection:
    """Prepare a connection (nothing is sent yet); raises SettingsError when what the signing needs is missing."""
    if not options.opensearch_url:
        raise SettingsError(
            "OPENSEARCH_URL is not set",
            on="SEARCH_ENGINE is opensearch (the default unless the bucket is a folder)",
            next="set OPENSEARCH_URL, such as https://search.example.org:443, or SEARCH_ENGINE=embedded",
        )
    try:
        client = OpenSearch(
            options.opensearch_url,
            http_auth=_signer(options, region),
            timeout=patience.timeout,
            http_compress=True,
            max_retries=0,  # its own retries do not wait in between
        )
    except (ImproperlyConfigured, ValueError) as error:
        raise SettingsError(
            "this is not the address of an OpenSearch server",
            on=f"OPENSEARCH_URL={options.opensearch_url}: {error}",
            next="give one such as https://search.example.org:443",
        ) from error
    return Connection(options.opensearch_url, client, patience)


def is_retryable(error: BaseException) -> bool:
    """Return whether the server was only busy or did not answer."""
    if isinstance(error, NotConnected):
        return not isinstance(error, SSLError)
    return isinstance(error, TransportError) and error.status_code in RETRYABLE


def as_dmpworks_error(error: Exception, url: str, on: str) -> DmpworksError:
    """Return our own error for one of the client library's."""
    where = f"{on} at {url}: {error}"
    status = error.status_code if isinstance(error, TransportError) else None
    if is_retryable(error) or status in _GATEWAY:
        state = "is busy" if isinstance(status, int) else "does not answer"
        next_step = "see that the server runs and that OPENSEARCH_URL is right, then run the job again"
        return TemporaryError(f"OpenSearch {state}", on=where, next=next_step)
    if status in _REFUSED:
        next_step = "check OPENSEARCH_AUTH, OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or the role's rights"
        return SyncError("OpenSearch refuses these credentials", on=where, next=next_step)
    if status == _NOT_FOUND and "index_not_found" in str(error):
        next_step = "run the chain that fills it first: process-works for works, process-dmps for plans"
        return SyncError("there is no such search index", on=where, next=next_step)
    next_step = "see the server's log, and whether the index was made by another version of dmpworks"
    return SyncError("OpenSearch refused the request", on=where, next=next_step)


def _signer(options: Search, region: str | None) -> Any:
    if options.opensearch_auth == "none":
        return None
    if options.opensearch_auth == "basic":
        if not options.opensearch_username or not options.opensearch_password:
            raise _missing("OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD", options)
        return (options.opensearch_username, options.opensearch_password.reveal())
    if not region:
        raise _missing("AWS_REGION", options)
    return _aws_signer(options, region)


def _aws_signer(options: Search, region: str) -> Urllib3AWSV4SignerAuth:
    import boto3

    credentials = boto3.Session().get_credentials()
    if credentials is None:
        raise _missing("AWS credentials", options)
    # OpenSearch Serverless is a service of its own to IAM.
    return Urllib3AWSV4SignerAuth(credentials, region, "aoss" if ".aoss." in str(options.opensearch_url) else "es")


def _missing(what: str, options: Search) -> SettingsError:
    return SettingsError(
        f"signing requests to OpenSearch needs {what}",
        on=f"OPENSEARCH_AUTH={options.opensearch_auth}",
        next=f"set {what} in the environment, or OPENSEARCH_AUTH to none, basic or aws",
    )
