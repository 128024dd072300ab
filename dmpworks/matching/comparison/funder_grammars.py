"""How single funders write one award in several ways, where letters and digits alone do not show that it is one.

A form that names its funder by itself ("GBMF5205", "JP19K12345", "222322/Z/21/Z") gives the key `<funder>:<core>`. A
bare number ("5205") gives the same key only beside that funder's name or ROR id: a short number means nothing without
its funder. Each grammar names the page where its funder lists awards in its own spelling.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from dmpworks.matching.comparison.organisations import same_organisation

FunderName = tuple[str | None, str | None]  # name and ROR id, as a plan or work gives them


class FunderKey(NamedTuple):
    """An award as one funder numbers it: its key, and what a full form adds to the number ("z21")."""

    key: str
    rest: str = ""

    def means(self, other: "FunderKey") -> bool:
        """Return whether both are one award: equal keys, and equal rests where both have one."""
        return self.key == other.key and (self.rest == other.rest or not (self.rest and other.rest))


@dataclass(frozen=True)
class Grammar:
    """The spellings of one funder.

    `own` are forms that show the funder by themselves, `bare` is what counts beside its name; both are matched against
    the whole text in upper case, group 1 is the core, a named group `rest` what only a full form has.
    """

    key: str
    name: str
    ror: str
    own: tuple[re.Pattern[str], ...]
    bare: re.Pattern[str]
    digits: int = 0  # to this length the core is filled with zeros, which tables and spreadsheets lose

    def is_funder(self, funder: FunderName) -> bool:
        """Return whether this funder is the grammar's."""
        return same_organisation(*funder, self.name, self.ror) is not None

    def keys(self, text: str, funders: Iterable[FunderName]) -> Iterator[FunderKey]:
        """Yield the key of an award id in upper case, without label or acronym around it."""
        found = next(filter(None, (form.fullmatch(text) for form in self.own)), None)
        if found is None and any(map(self.is_funder, funders)):
            found = self.bare.fullmatch(text)
        if found:
            rest = found.groupdict().get("rest") or ""
            yield FunderKey(f"{self.key}:{_alnum(found[1]).zfill(self.digits)}", _alnum(rest))


def _alnum(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).lower()


def _forms(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.ASCII) for pattern in patterns)


_SIX = re.compile(r"0*(\d{5,6})", re.ASCII)

GRAMMARS = (
    # The division's letters and a leading zero come and go. https://www.nsf.gov/awardsearch/
    Grammar("nsf", "National Science Foundation", "021nxhr62", (), re.compile(r"(?:[A-Z]{2,4}[- ]?)?(\d{6,7})"), 7),
    # 222322/Z/21/Z, before 2005 with the letters WT. https://wellcome.org/research-funding/funding-portfolio
    Grammar(
        "wellcome", "Wellcome Trust", "029chgv08",
        _forms(r"(?:WT ?)?0*(\d{5,6})(?P<rest>[/ ]?[A-Z][/ ]?\d\d)(?:[/ ]?[A-Z])?", r"WT ?0*(\d{5,6})(?:M[AF])?"),
        _SIX, 6,
    ),
    # 200021_182544, P2EZP2_175162 and the number alone; /1 counts renewals. https://data.snf.ch/grants
    Grammar(
        "snsf", "Swiss National Science Foundation", "00yjd3n13",
        _forms(r"(?:[0-9]{4}[0-9A-Z]{2}|[A-Z][A-Z0-9]{4,6})[_-](\d{6})(?:/\d)?"), re.compile(r"(\d{6})(?:/\d)?"),
    ),
    # A programme ("EXC 2111") and the project's number in GEPRIS. https://gepris.dfg.de
    Grammar(
        "dfg", "Deutsche Forschungsgemeinschaft", "018mejw64",
        _forms(
            r"(?:EXC|SFB|TRR|CRC|GRK|RTG|FOR|SPP|INST)[ -]*\d+(?:/\d+)?\s*[-/–:,]\s*"
            r"(?:PROJECT(?:[ -]?(?:ID|NUMBER))?\s*)?(\d{8,9})"
        ),
        re.compile(r"(?:PROJE[CK]T(?:[ -]?(?:ID|NUMBER|NUMMER))?\s*)?(\d{6,9})"),
    ),
    # Acknowledgements put JP before the eight characters since 2016. https://www.jsps.go.jp/english/e-grants/
    Grammar(
        "jsps", "Japan Society for the Promotion of Science", "00hhkn466",
        _forms(r"JP ?(\d{2}[A-Z0-9]\d{5})", r"(\d{2}[A-Z]\d{5})"), re.compile(r"(\d{2}[A-Z0-9]\d{5})"),
    ),
    # https://www.moore.org/grants
    Grammar(
        "moore", "Gordon and Betty Moore Foundation", "006wxqw41",
        _forms(r"GBMF[ -]?(\d{3,6})(?P<rest>\.\d\d)?"), re.compile(r"(\d{3,6})(?P<rest>\.\d\d)?"),
    ),
    # APP while applied for, GNT once granted. https://www.nhmrc.gov.au/funding/data-research/outcomes
    Grammar(
        "nhmrc", "National Health and Medical Research Council", "011kf5r70",
        _forms(r"(?:APP|GNT|APPID)[ -]?0*(\d{6,7})"), re.compile(r"0*(\d{6,7})"),
    ),
    # https://www.gatesfoundation.org/about/committed-grants
    Grammar(
        "gates", "Bill & Melinda Gates Foundation", "0456r8d26",
        _forms(r"(?:OPP|INV)[ -]?0*(\d{5,7})"), re.compile(r"0*(\d{5,7})"), 7,
    ),
    # A programme's three letters and six digits. https://webapps.cihr-irsc.gc.ca/decisions/
    Grammar(
        "cihr", "Canadian Institutes of Health Research", "01gavpb45",
        _forms(r"(?:MOP|PJT|FDN|FRN)[ -]?(\d{5,6})"), _SIX,
    ),
    # P 30437-N35: programme and number are the award, the suffix its subject. https://www.fwf.ac.at/en/research-radar
    Grammar(
        "fwf", "FWF Austrian Science Fund", "013tf3c58",
        _forms(r"([A-Z]{1,3} ?\d{3,5})[ -](?P<rest>[A-Z]{1,3}\d{2})"), re.compile(r"([A-Z]{1,3} ?\d{3,5})"),
    ),
    # https://cordis.europa.eu/projects
    Grammar(
        "ec", "European Commission", "00k4n6c32",
        _forms(r"(?:ERC|MSCA|FP7|H2020)[- ](?:\d{4}[- ])?[A-Z0-9-]*[- ](\d{6}|\d{9})"), re.compile(r"(\d{6}|\d{9})"),
    ),
    # https://sloan.org/grants-database
    Grammar(
        "sloan", "Alfred P. Sloan Foundation", "052csg198",
        _forms(r"((?:G|FG)-?\d{4}-?\d{4,5})"), re.compile(r"((?:G|FG)?-?\d{4}-?\d{4,5})"),
    ),
)  # fmt: skip


@lru_cache(maxsize=65_536)
def funder_keys(form: str, funders: tuple[FunderName, ...]) -> frozenset[FunderKey]:
    """Return the award's keys in every grammar that the form, or one of the funders, belongs to."""
    folded = " ".join(form.upper().split())
    return frozenset(key for grammar in GRAMMARS for key in grammar.keys(folded, funders))
