"""A connection to an OpenSearch server: signing, time-outs, retries, and its errors as DmpworksError."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import stamina
from opensearchpy import ImproperlyConfigured, OpenSearch, OpenSearchException, Urllib3AWSV4SignerAuth

from dmpworks.errors import SettingsError
from dmpworks.services import retries
from dmpworks.services.search.opensearch_errors import as_dmpworks_error, is_retryable
from dmpworks.services.secrecy import check_address
from dmpworks.settings.shared import Search

T = TypeVar("T")


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

    def call(self, index: str, function: Callable[[], T]) -> T:
        """Return the function's answer, repeated on 429, 503 and lost connections; `index` is for messages."""
        try:
            for attempt in self.attempts(is_retryable, lambda error: as_dmpworks_error(error, self.url, index).what):
                with attempt:
                    return function()
        except (OpenSearchException, ImproperlyConfigured) as error:
            raise as_dmpworks_error(error, self.url, index) from error
        raise AssertionError("retries end with an answer or an error")

    def attempts(self, on: Any, describe: Callable[[Exception], str]) -> Iterator[stamina.Attempt]:
        """Yield the attempts that this connection's patience allows, with back-off and jitter in between."""
        patience = self.patience
        return retries.attempts(
            describe,
            on,
            attempts=patience.attempts,
            first_wait=patience.first_wait,
            longest_wait=patience.longest_wait,
            jitter=patience.first_wait,
        )


def connect(options: Search, region: str | None = None, patience: Patience = Patience()) -> Connection:
    """Prepare a connection (nothing is sent yet); raises SettingsError when what the signing needs is missing."""
    if not options.opensearch_url:
        raise SettingsError(
            "OPENSEARCH_URL is not set",
            on="SEARCH_ENGINE is opensearch (the default unless the bucket is a folder)",
            next="set OPENSEARCH_URL, such as https://search.example.org:443, or SEARCH_ENGINE=embedded",
        )
    if options.opensearch_auth != "none":
        check_address("OPENSEARCH_URL", options.opensearch_url, f"OPENSEARCH_AUTH={options.opensearch_auth}")
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
