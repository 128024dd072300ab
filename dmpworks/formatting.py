"""Figures as people read them: durations, memory, money, moments."""

import math
import re
from datetime import datetime

NONE = "–"
HOUR = 3600  # seconds
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # C0, DEL and C1, but tab and line end
# A user, perhaps with a password, which may hold `/`, `?` and `#`; what follows a host's colon is a port, no password.
_LOGIN = re.compile(r"(://)(?:[^/?#\s]*|[^/?#\s:]*:(?!\d{1,5}(?:[/?#\s]|$))\S*?)@")
_PARAMETER = re.compile(r"([?&;#]([\w.%~-]+)=)[^\s&;#\"']+")
_SECRET_NAME = re.compile(r"signature|token|credential|secret|passw|(^|key|access|app)sig$|key(pair)?(id)?$")


def visible(text: str) -> str:
    """Return a text for a terminal: its control characters as escapes such as `\\x1b`, but tabs and line ends.

    What a source, a server, a log or the bucket says could otherwise move the cursor or write the clipboard.
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def without_secrets(text: str) -> str:
    """Return a text in which the logins and the signatures of addresses (presigned URLs) are `***`."""
    return _PARAMETER.sub(_masked, without_login(text))


def without_login(text: str) -> str:
    """Return a text in which the user and password of addresses are `***`."""
    return _LOGIN.sub(r"\1***@", text)


def _masked(parameter: re.Match[str]) -> str:
    name = re.sub(r"[^a-z]", "", parameter[2].lower())
    return f"{parameter[1]}***" if _SECRET_NAME.search(name) else parameter[0]


def duration(seconds: float | None) -> str:
    """Return a duration as exactly as anybody wants it: `3 d 4 h`, `3 h 12 min`, `38 min`, `4 min 10 s`, `8.2 s`."""
    if seconds is None:
        return NONE
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 10 or seconds == 0 else f"{seconds:.1f} s"
    finest = next(finest for limit, finest in ((600, 1), (86400, 60), (math.inf, 3600)) if seconds < limit)
    left, parts = round(seconds / finest) * finest, []
    for size, name in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        whole, left = divmod(left, size)
        parts += [f"{whole} {name}"] if whole else []
    return " ".join(parts)


def memory(mib: float | None) -> str:
    """Return an amount of memory given in MiB."""
    if mib is None:
        return NONE
    return f"{mib:,.0f} MiB" if mib < 1024 else f"{f'{mib / 1024:,.1f}'.removesuffix('.0')} GiB"


def cores(count: float | None) -> str:
    """Return a number of cores, whole where they were asked for."""
    if count is None:
        return NONE
    text = f"{count}" if isinstance(count, int) else f"{count:.1f}"
    return f"{text} core{'' if text == '1' else 's'}"


def size(count: float) -> str:
    """Return a number of bytes."""
    for name in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:,.0f} {name}" if name == "bytes" else f"{count:,.1f} {name}"
        count /= 1024
    return f"{count:,.1f} TiB"


def money(dollars: float | None) -> str:
    """Return an amount in dollars, to the cent; what is less is not nothing."""
    if dollars is None:
        return NONE
    return "<$0.01" if 0 < dollars < 0.005 else f"${dollars:,.2f}"


def number(value: float | None) -> str:
    """Return a number, with at most two decimals."""
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def moment(at: datetime | None) -> str:
    """Return a moment, UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else NONE


def change(before: float | None, after: float | None) -> str:
    """Return by how much a figure has changed, in per cent where it was not zero."""
    if before is None or after is None or before == after:
        return "=" if before == after else NONE
    if before == 0:
        return "new"
    share = (after - before) / before
    return f"{share:+.1%}" if abs(share) < 10 else f"×{after / before:,.0f}"
