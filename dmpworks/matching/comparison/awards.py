"""Award ids as people and funders write them: what is an id, which ids are the same, and the grammars of NSF and NIH.

Plans and works write one award in many ways ("DMR-1507101", "NSF 1507101"; "1R01GM193934-01A1", "GM193934"). `variants`
is applied to both sides: two texts may mean the same award when their variants meet. That the funders agree as well is
for the caller to check: the same number from another funder is the commonest wrong award match.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from dmpworks.matching.comparison.funder_grammars import FunderKey, FunderName, funder_keys

# Institutes whose code and serial number alone ("GM-140402") are taken for an NIH award; with an activity code any
# two letters are enough. https://www.nlm.nih.gov/bsd/grant_acronym.html
NIH_INSTITUTES = frozenset(
    """
    AA AG AI AM AO AR AT BC CA CB CE CI CL CM CN CO CP DA DC DE DK DP EB EP ES EY FD GM HD HG HL HR HS IP LM MD MH NB NR
    NS NU OD OH PC PH PS RG RM RR SF SU TR TS TW VA WH
    """.split()
)

_SEP = r"[\s\-/._#:]*"
_NIH = re.compile(
    rf"(?<![A-Z0-9])(?:NIH{_SEP})?(?:(?P<type>[1-9]){_SEP})?"
    rf"(?:(?P<activity>[A-Z][A-Z0-9][0-9]|ZI[A-Z]){_SEP})?"
    rf"(?P<institute>[A-Z]{{2}}){_SEP}(?P<serial>\d{{6}}|\d{{5}}(?!\d))"
    rf"(?:(?(activity){_SEP}|[\s\-]+)(?P<year>\d\d)(?:{_SEP}(?P<suffix>(?:[A-Z]\d){{1,2}}))?)?(?![A-Z0-9])"
)
_NSF_URL = re.compile(r"AWD_?ID=0*(\d{7})(?!\d)")
_NSF = re.compile(r"(?<!\d)(\d{7})(?!\d)")
# A division of NSF before the number; APP, GNT, OPP and INV are other funders' own (`funder_grammars`).
_NSF_WHOLE = re.compile(rf"(?:NSF{_SEP})?(?:(?!APP|GNT|OPP|INV)[A-Z]{{2,4}}{_SEP})?(\d{{7}})")

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"))
_URL_TAIL = re.compile(r"^https?://\S*?([^/?#\s]+)/?(?:[?#]\S*)?$", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:(?:no|nr|num|number|numbers|grant|grants|award|awards|project|agreement|contract|id|ref|reference|code)\b"
    r"|[#:.\s(])+",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"^(?!(?:APP|GNT|OPP|INV)\b)(?:[A-Z][A-Z&]{1,6}|H2020)[\s-]+(?=\S)", re.IGNORECASE)
_PROGRAMME = re.compile(r"\s+-\s+[A-Z]{2,4}\s*\d+$", re.IGNORECASE)
_UKRI = re.compile(r"([A-Z]{2})[/ ]([A-Z]\d{5}[A-Z0-9])(?:/\d)?", re.IGNORECASE)
_WELLCOME = re.compile(r"(\d{6})[/ ]([A-Z])/(\d\d)(?:/[A-Z])?", re.IGNORECASE)
# An acronym or a note behind an id: "777536 (SSICLOPS)", "R01AI176039 (to J.R.)".
_NOTE = re.compile(r"\s*\([^()\d]{2,}\)$")
# The same letters and digits in another order or with a part left out, where the form alone shows whose they are:
# FAPESP's year with two digits, ANR's trailing number of the partner, NSERC's year and number swapped.
_FAPESP = re.compile(r"(?:20)?(\d\d)/(\d{5})-(\d)", re.ASCII)
_ANR = re.compile(r"(?:ANR-?)?(\d\d)-?([A-Z]{2}[A-Z0-9]{2})-?(\d{4})(?:-\d\d)?", re.ASCII | re.IGNORECASE)
_NSERC = re.compile(r"RGPIN[-/ ]?(?:(\d{4})[-/ ](\d{5})|(\d{5})[-/ ](\d{4}))", re.ASCII | re.IGNORECASE)
# Without its funder's prefix a shorter number is too ambiguous.
_SHORTEST_BARE_KEY = 7

# What people write in place of an id. Beside words that say an award is still to come, a date or a short number is no
# id; the others ("NA-17-OAR-4320101", "Test-Bed 2013-1234") may be part of one, and void it only where they are all.
_STILL_TO_COME = re.compile(
    r"\b(?:tb[acd]|to be|pending|not (?:yet|available|applicable|assigned|known)|unknown|unfunded|internally|"
    r"self[- ]funded|applied|submitted|awaiting|in (?:progress|preparation|review)|under review|forthcoming)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\b(?:n/?a|not|none|null|nil|internal|test|example|xx+)\b", re.IGNORECASE)
_LONG_NUMBER = 5  # digits besides a year that make an id even of "pending 4320101"
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[/.-])?(?:19|20)\d\d(?:[/.-]\d{1,3}(?!\d)){0,2}(?!\d)")
_IN_A_ROW = "01234567890 9876543210"
_SHORTEST_KEY = 4
_YEAR = re.compile(r"(?:19|20)\d\d")


class NsfAward(Struct, frozen=True):
    """An award of the National Science Foundation: seven digits."""

    number: str

    @property
    def award_id(self) -> str:
        """Return the id as the funder's API takes it."""
        return self.number

    @property
    def keys(self) -> frozenset[str]:
        """Return the folded forms that mean this award."""
        return frozenset({self.number})


class NihAward(Struct, frozen=True):
    """An award of the National Institutes of Health; only institute and serial number are always there."""

    institute: str
    serial: str
    application_type: str | None = None
    activity: str | None = None
    year: str | None = None
    suffix: str | None = None

    @property
    def core(self) -> str:
        """Return the project over all its years and applications: "R01AI176039"."""
        return f"{self.activity or ''}{self.institute}{self.serial}"

    @property
    def award_id(self) -> str:
        """Return the id in the funder's own spelling, with the parts that are known: "1R01AI176039-01A1"."""
        tail = f"-{self.year}{self.suffix or ''}" if self.year else ""
        return f"{self.application_type or ''}{self.core}{tail}"

    @property
    def keys(self) -> frozenset[str]:
        """Return the folded forms that mean this award: with and without type, activity, year and suffix."""
        heads = {"", self.activity or "", f"{self.application_type or ''}{self.activity or ''}"}
        tails = {"", self.year or "", f"{self.year or ''}{self.suffix or ''}"}
        return frozenset(f"{head}{self.institute}{self.serial}{tail}".lower() for head in heads for tail in tails)


def parse_nsf(text: str) -> NsfAward | None:
    """Return the award in a text that is known to name NSF: seven digits in any spelling, or `AWD_ID=` of a URL."""
    folded = _upper(text)
    number = _NSF_URL.search(folded) or _NSF.search(folded)
    return NsfAward(number[1]) if number and is_award(number[1]) else None


def parse_nih(text: str) -> NihAward | None:
    """Return the award in a text: `1R01AI176039-01A1`, in parts, spaced, hyphenated, or with RO1 for R01."""
    for parts in _NIH.finditer(_upper(text)):
        activity, institute, serial = parts["activity"], parts["institute"], parts["serial"]
        if (not activity and institute not in NIH_INSTITUTES) or not serial.strip("0"):
            continue
        if activity and activity[1] == "O":
            activity = activity[0] + "0" + activity[2]
        # Serial numbers of the older awards are often written without their leading zero.
        return NihAward(institute, serial.zfill(6), parts["type"], activity, parts["year"], parts["suffix"])
    return None


def award_key(text: str) -> str:
    """Return the letters and digits of an award id, in lower case: "DMR-1507101" -> "dmr1507101"."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@lru_cache(maxsize=262_144)
def variants(text: str) -> frozenset[str]:
    """Return every folded form of the same award; empty when the text is no award id."""
    if not is_award(text):
        return frozenset()
    keys = {award_key(text)}
    nih = parse_nih(text)
    if nih:
        return frozenset(keys | nih.keys)
    for form in _strip_decoration(text):
        keys |= _keys_by_grammar(form)
    return frozenset(key for key in keys if key)


def is_award(text: str) -> bool:
    """Return whether the text is an award id, not a placeholder ("n/a", "0000", "NSF 12345", "internally funded")."""
    if _STILL_TO_COME.search(text):
        return _has_long_number(_DATE.sub("", text))
    if _PLACEHOLDER.search(text):
        return _is_id(_PLACEHOLDER.sub("", text))
    return _is_id(text)


def _has_long_number(text: str) -> bool:
    return any(_is_number(digits) for digits in re.findall(rf"\d{{{_LONG_NUMBER},}}", text))


def _is_id(text: str) -> bool:
    key = award_key(_ACRONYM.sub("", _LABEL.sub("", text.strip())))
    digits = "".join(c for c in key if c.isdigit())
    if len(key) < _SHORTEST_KEY or not digits.strip("0"):
        return False
    return key != digits or _is_number(digits)


def _is_number(digits: str) -> bool:
    """Return whether digits are more than a year, one digit repeated, or digits in a row."""
    return not (len(set(digits)) == 1 or digits in _IN_A_ROW or _YEAR.fullmatch(digits))


def _upper(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_DASHES).upper()


def _strip_decoration(text: str) -> list[str]:
    """Return the text without what people put around an id: a URL, a label, the funder's acronym, a programme."""
    form = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    url = _URL_TAIL.match(form)
    if url:
        nsf = _NSF_URL.search(form.upper())
        form = nsf[1] if nsf else url[1]
    form = _PROGRAMME.sub("", _LABEL.sub("", _NOTE.sub("", form)))
    forms = [form]
    while (shorter := _LABEL.sub("", _ACRONYM.sub("", form))) != form:
        form = shorter
        if len(award_key(form)) >= _SHORTEST_BARE_KEY and any(c.isdigit() for c in form):
            forms.append(form)
    return forms


def _keys_by_grammar(form: str) -> set[str]:
    keys = {award_key(form)}
    nsf = _NSF_WHOLE.fullmatch(form.upper())
    if nsf:
        keys.add(nsf[1])
    for grammar in (_UKRI, _WELLCOME):
        parts = grammar.fullmatch(form)
        if parts:
            keys.add(award_key("".join(parts.groups())))
    return keys | set(_reordered(form))


def _reordered(form: str) -> Iterator[str]:
    if parts := _FAPESP.fullmatch(form):
        yield "20" + "".join(parts.groups())
    if parts := _ANR.fullmatch(form):
        yield award_key("anr" + "".join(parts.groups()))
    if parts := _NSERC.fullmatch(form):
        yield "rgpin" + (parts[1] or parts[4]) + (parts[2] or parts[3])


@lru_cache(maxsize=65_536)
def keys_of_funders(text: str, funders: tuple[FunderName, ...]) -> frozenset[FunderKey]:
    """Return the keys of an award in the grammars of single funders, as its form or its funders show them."""
    if not is_award(text):
        return frozenset()
    forms = [text.strip(), *_strip_decoration(text), *map(_bare_number, _strip_decoration(text))]
    return frozenset(key for form in dict.fromkeys(forms) for key in funder_keys(form, funders))


def _bare_number(form: str) -> str:
    """Return what follows a funder's acronym, however short: beside the funder's name that is enough."""
    return _LABEL.sub("", _ACRONYM.sub("", form))


def award_terms(text: str, funders: tuple[FunderName, ...]) -> tuple[str, ...]:
    """Return the exact terms that an award is indexed and asked for under, sorted; none for what is no award id."""
    return tuple(sorted({*variants(text), *(key.key for key in keys_of_funders(text, funders))}))


def same_award(one: str, funders: tuple[FunderName, ...], other: str, other_funders: tuple[FunderName, ...]) -> bool:
    """Return whether two ids mean one award, each written as any of its funders writes it.

    That the funders agree is for the caller to check; a number too short to mean anything alone meets another only
    where a form or a funder shows whose it is.
    """
    if not variants(one).isdisjoint(variants(other)):
        return True
    ours, theirs = keys_of_funders(one, funders), keys_of_funders(other, other_funders)
    return any(key.means(another) for key in ours for another in theirs)
