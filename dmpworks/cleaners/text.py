"""Converts titles, abstracts and dates of the sources to plain text and dates.

All functions are pure and never raise, whatever the input: lone surrogates, control characters, numbers, unbalanced
markup.
"""

import html
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time

from dmpworks.cleaners import formulas


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OTHER = re.compile("[^a-z0-9]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"<(/?)([A-Za-z][\w.:-]*)((?:\s[^<>]*)?)/?>")
_NO_TEXT = re.compile(
    r"<!--.*?(?:-->|(\Z))|<!\[CDATA\[|\]\]>|<\?[a-z][^<>]*\?>|<!doctype[^<>]*>"
    r"|<(script|style)\b[^<>]*>.*?(?:</\2\s*>|(\Z))",
    re.DOTALL | re.IGNORECASE,
)
_PERHAPS_NO_TEXT = ("<!", "<?", "<s", "<S", "]]>")  # searching for these takes much less than for _NO_TEXT
INLINE = _set(
    """
    a abbr b bdi bdo bold cite code del em email emph ext-link fixed-case fn font i ins inf inline-formula
    inline-graphic
    italic kbd label mark math menclose mfenced mfrac mi mmultiscripts mn mo monospace mover mpadded mphantom mroot mrow
    ms mspace msqrt mstyle msub msubsup msup mtext munder munderover named-content none overline q roman s samp
    sans-serif sc scp script semantics small span strike strong styled-content sub sup tt u underline uri
    var xref ovid
    """
)
BLOCK = _set(
    """
    abstract article address blockquote body boxed-text br break caption center dd def def-item def-list
    disp-formula disp-quote div dl dt figure fig footer graphic h1 h2 h3 h4 h5 h6 head header hr html img item li
    list list-item media mprescripts mtable mtd mtr ol p para paragraph pre sec section sect simplepara statement
    subtitle table table-wrap tbody td term tfoot th thead title tr trans-abstract ul video
    """
)
_EDGES = " \t\n.,;:!?-–—_*#|/\\()[]{}<>\"'`“”‘’«»…"
PLACEHOLDERS = frozenset(
    [
        "", "n/a", "n.a", "na", "n a", "nan", "nil", "none", "null", "undefined", "unknown", "unspecified", "missing",
        "tba", "tbd", "unav", "unkn", "unas", "unap", "unal", "tbc", "etal", "abstract", "abstracts", "no abstract",
        "no abstracts", "no abstract available", "no abstract is available", "no abstract provided",
        "no abstract is available for this article", "no abstract available for this article", "no abstract supplied",
        "no abstract found", "abstract not available", "abstract unavailable", "abstract not provided",
        "abstract is not available", "abstract available", "there is no abstract", "there is no abstract available",
        "without abstract", "sin resumen", "sem resumo", "kein abstract", "pas de résumé", "not available",
        "not applicable", "not provided", "not specified", "none provided", "none available", "no description",
        "no description available", "no description provided", "description not available", "no title",
        "no title available", "title not available", "no text", "no data", "no summary", "no summary available",
        "information not available", "no information", "no information available", "sin título", "s/n",
    ]
)  # fmt: skip


def normalize(text: str) -> str:
    """Return a text in NFC without lone surrogates, control characters and invisible characters.

    Neither UTF-8 files nor search engines accept the former; the latter would make equal texts differ.
    """
    if text.isprintable():  # no broken or invisible character is printable
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _BROKEN.sub(" ", text)))


def plain_text(value: str | int | float | None) -> str | None:
    """Return a title, abstract or name as plain text on one line; None for a placeholder such as "n/a".

    Markup is removed (tags of block kind leave a space, so that words are not glued together), entities are decoded,
    runs of white space become one space. A `<` opens markup only before a name that is known or closed later on.
    """
    if value is None or isinstance(value, bool):
        return None
    if not isinstance(value, str):
        return number(value)
    text = normalize(value)
    if "<" in text or "&" in text:
        text = _without_markup(text)
    text = " ".join(text.split())
    return None if is_placeholder(text) else text


def _without_markup(text: str) -> str:
    # Some markup is escaped, even twice ("&lt;i&gt;", "&amp;lt;"), so the decoded text is cleaned again.
    for _ in range(3):
        before = text
        text = _ENTITY.sub(lambda found: html.unescape(found.group()), _without_tags(text))
        if text == before:
            break
    return normalize(text)


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    if any(map(text.__contains__, _PERHAPS_NO_TEXT)):
        # Elements that are never closed stay. Matching them up to the end avoids a new search from each opening.
        text = _NO_TEXT.sub(lambda found: " " if found.group(1) is found.group(3) is None else found.group(), text)
    if any(map(text.lower().__contains__, formulas.TAGS)):
        text = formulas.readable(text)
    closed = {found.group(2).lower() for found in _TAG.finditer(text) if found.group(1)}
    return _TAG.sub(lambda found: _instead_of_tag(found, closed), text)


def _instead_of_tag(found: re.Match[str], closed: set[str]) -> str:
    name, attributes = found.group(2).lower(), found.group(3).strip().strip("/")
    local = name.rpartition(":")[2].rstrip("/")
    if attributes and "=" not in attributes:
        return found.group()
    if local in INLINE or local in formulas.TAGS:
        return ""
    if local in BLOCK or name in closed:
        return " "
    return " " if ":" in name and name.partition(":")[0] in ("jats", "mml", "m", "xlink", "ali") else found.group()


def is_placeholder(text: str) -> bool:
    """Return whether a text is only a placeholder: "n/a", ":unav", "Abstract", "No abstract available.", "."."""
    if len(text) > 60:
        return False
    return text.strip(_EDGES).casefold() in PLACEHOLDERS or not any(map(str.isalnum, text))


def number(value: int | float) -> str | None:
    """Return a number as text, as if it had been sent as text: `2020.0` gives `"2020"`; None for nan and infinity."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def folded(text: str) -> str:
    """Return the form of a name for comparison: no case or diacritics, only letters, digits and single spaces."""
    if text.isascii():
        return _OTHER.sub(" ", text.lower()).strip()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(letters).split())


def abstract_from_index(index: Mapping[str, Sequence[int | None] | None]) -> str | None:
    """Return the text of an inverted index: words in the order of their positions, gaps skipped."""
    placed = [(place, word) for word, places in index.items() for place in places or () if place is not None]
    placed.sort(key=_position)
    return plain_text(" ".join(word for _, word in placed))


def _position(placed: tuple[int, str]) -> int:
    return placed[0]


def iso_date(value: object) -> date | None:
    """Return the day of a full ISO date or date-time; a year or month alone, and anything else, gives None."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None


def iso_datetime(value: object) -> datetime | None:
    """Return the moment of an ISO date-time in UTC; without an offset it is UTC, a day alone is its midnight."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time())
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    else:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
