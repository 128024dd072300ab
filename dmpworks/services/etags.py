"""What can be learnt from an object's ETag."""

import re

_PLAIN = re.compile(r'"?([0-9a-f]{32})"?')


def md5_of(etag: str | None) -> str | None:
    """Return the MD5 that an ETag is when S3 wrote the object in one step and with no key but its own; else None."""
    found = _PLAIN.fullmatch(etag or "")
    return found[1] if found else None
