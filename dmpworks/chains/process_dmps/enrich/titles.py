"""Find a publication's DOI by its title: in Crossref, then in DataCite."""

import msgspec
from rapidfuzz import fuzz

from dmpworks.chains.process_dmps.enrich.publications import DOI_IS_FRESH, Publication
from dmpworks.chains.process_dmps.settings import EnrichSettings
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import folded, plain_text
from dmpworks.services.http import Http

CROSSREF_SIMILARITY = 95.0  # per cent
DATACITE_SIMILARITY = 99.0
_MIN_WORDS = 3  # "Editorial" and "Data set" are titles of thousands


class _CrossrefItem(msgspec.Struct):
    DOI: str
    title: list[str] | None = None


class _CrossrefMessage(msgspec.Struct):
    items: list[_CrossrefItem]


class _CrossrefAnswer(msgspec.Struct):
    message: _CrossrefMessage


class _Title(msgspec.Struct):
    title: str | None = None


class _Related(msgspec.Struct, rename="camel"):
    relation_type: str | None = None
    related_identifier: str | None = None


class _Attributes(msgspec.Struct, rename="camel"):
    doi: str
    titles: list[_Title] | None = None
    related_identifiers: list[_Related] | None = None


class _DataciteItem(msgspec.Struct):
    attributes: _Attributes


class _DataciteAnswer(msgspec.Struct):
    data: list[_DataciteItem]


def doi_of(publication: Publication, http: Http, apis: EnrichSettings) -> str | None:
    """Return the DOI of the work with this title; None without one, or for a title of too few words."""
    title = publication.title
    if not title or len(folded(title).split()) < _MIN_WORDS:
        return None
    return in_crossref(title, publication.journal, http, apis) or in_datacite(title, http, apis)


def in_crossref(title: str, journal: str | None, http: Http, apis: EnrichSettings) -> str | None:
    """Return the DOI of the most similar title that Crossref finds, if it is similar enough."""
    query = {"query.title": title} | ({"query.container-title": journal} if journal else {})
    url = f"{apis.crossref_url.rstrip('/')}/works"
    items = http.get(url, query, _CrossrefAnswer, DOI_IS_FRESH).message.items
    scored = [(_similarity(title, item.title or []), identifiers.doi(item.DOI)) for item in items]
    best = max(scored, key=lambda pair: pair[0], default=(0.0, None))  # the first of equals: Crossref's own order
    return best[1] if best[0] >= CROSSREF_SIMILARITY else None


def in_datacite(title: str, http: Http, apis: EnrichSettings) -> str | None:
    """Return the DOI of a like title in DataCite, that of the work as a whole where a record says it is a version."""
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    query = {"query": f'titles.title:"{quoted}"', "sort": "relevance"}
    data = http.get(f"{apis.datacite_url.rstrip('/')}/dois", query, _DataciteAnswer, DOI_IS_FRESH).data
    alike = [item.attributes for item in data if _is_alike(title, item.attributes)]
    whole_works = (doi for item in alike if (doi := _version_of(item)))
    return next(whole_works, None) or next((identifiers.doi(item.doi) for item in alike), None)


def _is_alike(title: str, item: _Attributes) -> bool:
    return _similarity(title, [other.title for other in item.titles or [] if other.title]) >= DATACITE_SIMILARITY


def _version_of(item: _Attributes) -> str | None:
    related = (other for other in item.related_identifiers or [] if other.relation_type == "IsVersionOf")
    return next((doi for other in related if (doi := identifiers.doi(other.related_identifier))), None)


def _similarity(title: str, others: list[str]) -> float:
    return max((fuzz.ratio(_comparable(title), _comparable(other)) for other in others), default=0.0)


def _comparable(title: str) -> str:
    return folded(plain_text(title) or "")
