"""Which addresses a request may go to: what a server answers is not trusted to name others.

An operator names a host in a setting. A redirect from there may lead to another public host by https, but never from
https to http, nor to this machine, the local network or the metadata service of a cloud (link-local addresses).
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpx

from dmpworks.errors import DownloadError


def client(**options: Any) -> httpx.Client:
    """Return a client that follows redirects only to where an operator could have sent it."""
    return httpx.Client(follow_redirects=True, event_hooks={"response": [_check_redirect]}, **options)


def _check_redirect(answer: httpx.Response) -> None:
    """Raise DownloadError at a redirect that must not be followed; httpx calls this before it follows one."""
    if not answer.has_redirect_location:
        return
    asked = answer.request.url
    target = asked.join(answer.headers["Location"])
    named = answer.request.extensions.setdefault("named_host", asked.host)  # httpx hands extensions on to the next
    reason = None
    if asked.scheme == "https" and target.scheme != "https":
        reason = "from https to an address without encryption"
    elif target.host != named and is_private(target.host):
        reason = "to this machine or a private network"
    if reason:
        raise DownloadError(
            f"the server redirects {reason}",
            on=f"{asked} to {target}",
            next="open the address in a browser; if the target is the right one, set its address itself",
        )


def is_private(host: str) -> bool:
    """Return whether a host is, or resolves to, an address that is not a public one."""
    return any(not ipaddress.ip_address(found).is_global for found in _resolved(host))


def _resolved(host: str) -> Iterable[str]:
    try:
        return {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):  # a proxy may know it; otherwise the request itself fails
        return ()
