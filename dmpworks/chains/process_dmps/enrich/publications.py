"""A funder's answer about an award, and a publication as the funder lists it."""

from datetime import timedelta

import msgspec

# Lists of publications grow while a project runs; which DOI a title or PubMed id has hardly ever changes.
LIST_IS_FRESH = timedelta(days=7)
DOI_IS_FRESH = timedelta(days=90)


class Publication(msgspec.Struct, frozen=True):
    """A publication as a funder lists it: a DOI, or what may lead to one."""

    doi: str | None = None
    title: str | None = None
    journal: str | None = None
    pmid: str | None = None
    pmcid: str | None = None


class AwardAnswer(msgspec.Struct, frozen=True):
    """A funder's answer about one award: its own id and page, and the publications it lists; None if it knows none."""

    award_id: str
    url: str
    publications: tuple[Publication, ...]
