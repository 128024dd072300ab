"""Matches as a search would find them, for the tests of the merge."""

import hashlib
from datetime import date
from typing import Any

from dmpworks.matching.matches import ContentMatch, DoiMatch, DoiSource, ItemMatch, Match, PlanMatches
from dmpworks.matching.records import Author, Award, Funder, Institution, Source, Work

PLAN = "10.48321/d1"


def work(doi: str, title: str = "A title", **values: Any) -> Work:
    """A work whose hash follows from its DOI and title, as in the works index."""
    given = {
        "abstract_text": "What was done and found.",
        "work_type": "ARTICLE",
        "publication_date": date(2024, 2, 29),
        "publication_venue": "Journal of Things",
        "authors": (Author(given_name="Ada", surname="Byron", full="Ada Byron", orcid="0000-0001-2345-678x"),),
        "institutions": (Institution("University of Somewhere", "02mgtg880"),),
        "funders": (Funder("National Science Foundation", "021nxhr62"),),
        "awards": (Award("1507101", "National Science Foundation", "021nxhr62"),),
        "source": Source("OpenAlex", "https://openalex.org/w1"),
    }
    return Work(doi=doi, hash=hashlib.md5(f"{doi} {title}".encode()).hexdigest(), title=title, **(given | values))


def match(doi: str, title: str = "A title", *, score: float = 20.0, plan: str = PLAN, **values: Any) -> Match:
    """A match with some evidence of every kind."""
    return Match(
        dmp_doi=plan,
        work=work(doi, title, **values),
        score=score,
        score_max=32.0625,
        doi_match=DoiMatch(True, 1.0, (DoiSource("1507101", "1507101-2", "https://nsf.example/1507101"),)),
        content_match=ContentMatch(0.1 + 0.2, "A <mark>title</mark>", ("… <mark>done</mark> …",)),
        author_matches=(ItemMatch(0, 1.0, ("authors.orcid", "authors.surname")),),
        institution_matches=(ItemMatch(0, 1.0, ("institutions.ror",)),),
        funder_matches=(ItemMatch(0, 0.5, ("funders.name",)),),
        award_matches=(ItemMatch(0, 1.0, ("awards.awardId",)),),
    )


def matches(*found: Match, plan: str = PLAN) -> PlanMatches:
    """All that was found for one plan."""
    return PlanMatches(plan, found)
