"""The National Science Foundation: its award API lists the publications that grantees report."""

import re

import msgspec

from dmpworks.chains.process_dmps.enrich.publications import LIST_IS_FRESH, AwardAnswer, Publication
from dmpworks.chains.process_dmps.settings import EnrichSettings
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import folded, plain_text
from dmpworks.matching.comparison.awards import NsfAward, parse_nsf
from dmpworks.matching.records import PlanAward
from dmpworks.services.http import Http

ROR = "021nxhr62"
NAMES = re.compile(r"(the )?(us |u s |usa |united states )?(national science foundation( nsf)?|nsf)( us| usa)?")
PAGE = "https://www.nsf.gov/awardsearch/showAward?AWD_ID={}"
_TITLE_FROM_THE_END = 2
_MIN_FIELDS = 3  # journal ... title, date


class _Award(msgspec.Struct):
    publicationResearch: list[str] | None = None


class _Response(msgspec.Struct):
    award: list[_Award]


class _Answer(msgspec.Struct):
    response: _Response


def parse_award(funding: PlanAward) -> NsfAward | None:
    """Return the NSF award that a plan names; None when it has another funder or no award id."""
    if not funding.award_id or not _is_nsf(funding):
        return None
    return parse_nsf(funding.award_id)


def fetch_award(award: NsfAward, http: Http, apis: EnrichSettings) -> AwardAnswer | None:
    """Ask for the award's publications; None when NSF does not know the award."""
    query = {"id": award.number, "printFields": "publicationResearch"}
    awards = http.get(apis.nsf_url, query, _Answer, LIST_IS_FRESH).response.award
    if not awards:
        return None
    texts = dict.fromkeys(text for award in awards for text in award.publicationResearch or ())
    return AwardAnswer(award.number, PAGE.format(award.number), tuple(dict.fromkeys(map(publication, texts))))


def publication(text: str) -> Publication:
    """Read `journal~year~volume~authors~DOI~pages~title~date`, of which DOI and pages may be missing."""
    fields = [field.strip() for field in text.split("~")]
    if len(fields) < _MIN_FIELDS:
        return Publication(doi=identifiers.doi(text))
    title = fields[-_TITLE_FROM_THE_END]
    others = fields[:-_TITLE_FROM_THE_END] + fields[-1:]
    doi = next(filter(None, map(identifiers.doi, others)), None)
    # A DOI is the better key; without title and journal the same publication, reported each year, is asked for once.
    return Publication(doi=doi) if doi else Publication(title=plain_text(title), journal=plain_text(fields[0]))


def _is_nsf(funding: PlanAward) -> bool:
    if funding.funder_ror:
        return funding.funder_ror == ROR
    return NAMES.fullmatch(folded(funding.funder_name or "")) is not None
