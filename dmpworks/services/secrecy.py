"""What keeps secrets and personal data from others: encrypted connections, files that only their owner reads."""

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

from dmpworks.errors import SettingsError

ONLY_OWNER, ONLY_OWNER_FOLDER = 0o600, 0o700


def check_address(variable: str, url: str, secret: str) -> None:
    """Raise SettingsError for an address that would receive a secret unencrypted; loopback is allowed."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise SettingsError(
            f"{variable} must begin with https://",
            on=f"{url} would receive credentials unencrypted ({secret})",
            next="give the https address of the server",
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by name or number."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def create_private_file(path: Path) -> None:
    """Create an empty file that only its owner may read and write, unless it exists."""
    path.touch(mode=ONLY_OWNER)
