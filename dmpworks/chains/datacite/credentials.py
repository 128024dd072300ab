"""Fetches temporary credentials for DataCite's monthly data file with the user name and password of a member."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import msgspec

from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.services import retries
from dmpworks.services.secrecy import check_address

if TYPE_CHECKING:
    from obstore.store import S3Credential

REGION = "eu-west-1"  # of DataCite's bucket
EARLY = timedelta(minutes=5)  # new credentials are fetched this long before the old ones expire


class Credentials(msgspec.Struct):
    """The API's response; the credentials are valid for an hour."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    expires_in: float = 3600.0  # seconds


def provider(api_url: str, username: str, password: str) -> "Callable[[], S3Credential]":
    """Return a function that fetches credentials; the object store calls it again when they have expired.

    The function raises DownloadError or TemporaryError.
    """

    check_address("DATACITE_API_URL", api_url, "DATACITE_USERNAME and DATACITE_PASSWORD")

    def fetch() -> "S3Credential":
        found = _fetch_with_retries(f"{api_url.rstrip('/')}/credentials/datafile", (username, password))
        lasting = timedelta(seconds=found.expires_in)
        return {
            "access_key_id": found.access_key_id,
            "secret_access_key": found.secret_access_key,
            "token": found.session_token,
            "expires_at": datetime.now(UTC) + lasting - min(EARLY, lasting / 2),
        }

    return fetch


def _fetch_with_retries(url: str, auth: tuple[str, str]) -> Credentials:
    for attempt in retries.attempts(retries.summary, TemporaryError, attempts=5, first_wait=1.0, longest_wait=60.0):
        with attempt:
            return _fetch(url, auth)
    raise AssertionError("retries end with an answer or an error")


def _fetch(url: str, auth: tuple[str, str]) -> Credentials:
    try:
        response = httpx.get(url, auth=auth, timeout=60.0, headers={"Accept": "application/json"})
    except httpx.TransportError as error:
        raise TemporaryError("DataCite's API could not be reached", on=f"{url}: {error}", next="try again") from error
    if response.status_code == httpx.codes.OK:
        return _decoded(url, response.content)
    on = f"{url}: HTTP {response.status_code} {response.reason_phrase}"
    if response.status_code in (401, 403):
        raise DownloadError(
            "DataCite rejected the user name and password", on=on, next="set DATACITE_USERNAME and DATACITE_PASSWORD"
        )
    kind = TemporaryError if response.status_code == 429 or response.status_code >= 500 else DownloadError
    raise kind("DataCite's API gave no credentials", on=on, next="run the download job again later")


def _decoded(url: str, content: bytes) -> Credentials:
    try:
        return msgspec.json.decode(content, type=Credentials)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # Never show the content: it may contain a secret.
        on = f"{url}: {error}"
        raise DownloadError("DataCite's API gave no credentials", on=on, next="run the download job again") from error
