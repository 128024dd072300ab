"""Normalises the identifiers that sources write in several forms; a text that is no identifier gives None.

All functions are pure, accept any text, and never raise.
"""

import re
from urllib.parse import unquote

from dmpworks.cleaners.text import normalize, number

Number = int | float
Identifier = tuple[str, str]

_DOI = re.compile(r"(?<![\d.])10\.[0-9][0-9.]*/\S+")
_TRAILING = frozenset(".,;:!?\"'’”»")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_ROR = re.compile(r"0[a-z0-9]{8}")
_ROR_URL = re.compile(r"ror\.org/(?:organizations/)?(0[a-z0-9]{8})(?![a-z0-9])")
_ORCID = re.compile(r"(?<![0-9a-z])([0-9]{4})-?([0-9]{4})-?([0-9]{4})-?([0-9]{3}[0-9x])(?![0-9a-z])")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_URL = re.compile(
    r"https?://(?:[^/\s]+/|[^/\s]+$)(?:(?:pmc/articles|pubmed|articles|works|institutes|isni|wiki|entity|organizations)/)*",
    re.IGNORECASE,
)
_GRID = re.compile(r"grid\.[0-9]+\.[0-9a-f]+")
_FUNDREF = re.compile(r"10\.13039/([0-9]+)")
_FUNDREF_BARE = re.compile(r"(?:10|50)[0-9]{7,10}")
_ISNI = re.compile(r"(?<![0-9])([0-9]{4})[ -]?([0-9]{4})[ -]?([0-9]{4})[ -]?([0-9]{3}[0-9x])(?![0-9a-z])")
_WIKIDATA = re.compile(r"wikidata\.org/(?:wiki|entity)/(q[0-9]+)|^(?:wikidata:)?(q[0-9]+)$")
_SEPARATORS = re.compile(r"[;,；，]")


def doi(text: str | None) -> str | None:
    """Return the first DOI in a text (`10.<digits and dots>/<non-space>`), lower-cased and in NFC, or None.

    Trailing punctuation of a sentence (`.,;:!?` and quotes) is removed, closing brackets only if the DOI does not open
    them, so that SICI DOIs such as `10.1002/(sici)1097(199808)17:15<1::aid-x>3.0.co;2-2` stay whole. Syntax of DOIs:
    https://www.doi.org/doi-handbook/HTML/doi-name-syntax.html (December 2026).
    """
    if not text:
        return None
    text = normalize(text)
    found = _DOI.search(text) or (_DOI.search(normalize(unquote(text))) if "%2" in text else None)
    if found is None:
        return None
    value = found.group()
    if "%" in value and text.lstrip()[:4].lower() == "http":
        decoded = normalize(unquote(value))
        value = decoded if _DOI.fullmatch(decoded) else value
    value = _without_trailing(normalize(value.lower()))
    return value if _DOI.fullmatch(value) else None


def _without_trailing(value: str) -> str:
    unopened = {closing: value.count(closing) - value.count(opening) for closing, opening in _BRACKETS.items()}
    end = len(value)
    while end and ((last := value[end - 1]) in _TRAILING or unopened.get(last, 0) > 0):
        if last in unopened:
            unopened[last] -= 1
        end -= 1
    return value[:end]


def ror(text: str | None) -> str | None:
    """Return the nine characters of a ROR id, bare or in a ror.org URL; None for any other URL or a funder's DOI.

    Form of the id: https://ror.readme.io/docs/identifier (December 2026).
    """
    value = normalize(text).strip(" /").lower() if text else ""
    if _ROR.fullmatch(value):
        return value
    found = None if "10.13039/" in value else _ROR_URL.search(value)
    return found.group(1) if found else None


def orcid(text: str | None) -> str | None:
    """Return an ORCID as `0000-0001-2345-678x`, stated with or without hyphens or a URL; None if there is none."""
    if not text:
        return None
    found = _ORCID.search((text if text.isascii() else text.translate(_DASHES)).lower())
    return "-".join(found.groups()) if found else None


def strip_prefix(text: str | None) -> str | None:
    """Return an identifier without its URL prefix, trimmed and lower-cased; None if nothing remains."""
    if not text:
        return None
    value = normalize(text)
    if "://" in value:
        value = _URL.sub("", value)
    return " ".join(value.split()).strip("/ ").lower() or None


def organisation_id(text: str | None, scheme: str | None = None) -> Identifier | None:
    """Return scheme and normalised id of an organisation, e.g. `("isni", "0000000121559477")`; None if unknown.

    Schemes: ror, grid, isni, fundref, wikidata. Sources mislabel ids, so the stated scheme decides only if the form is
    ambiguous. An ORCID has the form of an ISNI but does not identify an organisation.
    """
    value, scheme = normalize(text or "").strip().lower(), (scheme or "").lower()
    if not value or "orcid" in value or "orcid" in scheme:
        return None
    return _by_form(value) or _by_scheme(value, scheme)


def _by_form(value: str) -> Identifier | None:
    if found := _FUNDREF.search(value):
        return "fundref", found.group(1)
    if _DOI.search(value):
        return None
    if found := _GRID.search(value):
        return "grid", found.group()
    if found := _WIKIDATA.search(value):
        return "wikidata", found.group(1) or found.group(2)
    if (identifier := ror(value)) is not None:
        return "ror", identifier
    if found := _ISNI.search(value):
        return "isni", "".join(found.groups())
    return None


def _by_scheme(value: str, scheme: str) -> Identifier | None:
    bare = strip_prefix(value) or ""
    if _FUNDREF_BARE.fullmatch(bare) or ("fund" in scheme and bare.isascii() and bare.isdigit()):
        return "fundref", bare
    return None


def award_ids(value: str | Number | None) -> list[str]:
    """Return the award ids of one field, which may contain several separated by `;` or `,`; without duplicates."""
    if value is None or isinstance(value, bool):
        return []
    text = normalize(value) if isinstance(value, str) else number(value) or ""
    parts = (" ".join(part.split()) for part in _SEPARATORS.split(text))
    return list(dict.fromkeys(part for part in parts if part))
