"""One published OpenAlex work -> one row (pure)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from dmpworks import identifiers, names, text
from dmpworks.chains.openalex_works.schema import NULL, Authorship, Funder, Grant, Row, Work
from dmpworks.datasets.columns import Award, Party
from dmpworks.datasets.lenient import decode_leniently
from dmpworks.datasets.lines import NO_RECORD
from dmpworks.datasets.loose import Loose, as_list, as_text, distinct
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform import Notes
from dmpworks.names import Person

XPAC, NO_DOI, NOT_IN_SUBSET = "xpac", "no DOI", "not in subset"
NO_DATE, NO_UPDATE = "publication dates not parsed", "updated dates not parsed"
BAD_ABSTRACT = "abstracts not read"


class Index(msgspec.Struct, gc=False):
    """What an abstract is wrapped in when it is read leniently."""

    index: dict[str, list[int | None] | None] = {}


# Venues, institutions and funders come again and again within a file.
_name = lru_cache(maxsize=1 << 14)(text.plain)
_INDEX = msgspec.json.Decoder(dict[str, list[int]])


def row(work: Work, subset: Subset | None, notes: Notes, include_xpac: bool = False) -> Row | str:
    """Return the row of a work, or the reason why it is left out."""
    if work.is_xpac and not include_xpac:
        return XPAC
    doi = identifiers.doi(work.doi)
    if doi is None:
        return NO_DOI
    authorships = as_list(work.authorships)
    institutions = distinct(party for authorship in authorships for party in _institutions(authorship))
    if subset and not subset.keep(doi, institutions):
        return NOT_IN_SUBSET
    funders = as_list(work.funders)
    return Row(
        doi=doi,
        openalex_id=identifiers.strip_prefix(work.id),
        title=text.plain(work.title) or text.plain(work.display_name),
        abstract_text=_abstract(work.abstract_inverted_index, notes),
        work_type=text.plain(work.type),
        publication_date=_noted(text.iso_date(work.publication_date), work.publication_date, NO_DATE, notes),
        updated_date=_noted(text.iso_datetime(work.updated_date), work.updated_date, NO_UPDATE, notes),
        publication_venue=_venue(work),
        is_xpac=bool(work.is_xpac),
        mag=_catalogue_id(work.ids.mag if work.ids else None),
        pmid=_catalogue_id(work.ids.pmid if work.ids else None),
        pmcid=_catalogue_id(work.ids.pmcid if work.ids else None),
        funder_ids=distinct(identifiers.strip_prefix(funder.id) for funder in funders),
        authors=[person for authorship in authorships if (person := _person(authorship))],
        institutions=institutions,
        funders=distinct(party for funder in funders for party in _party(funder.display_name, funder.ror)),
        awards=distinct(_awards(as_list(work.awards), funders)),
    )


def _noted(parsed: Any, stated: Any, note: str, notes: Notes) -> Any:
    if parsed is None and stated is not None and not (isinstance(stated, str) and not stated.strip()):
        notes[note] += 1
    return parsed


def _venue(work: Work) -> str | None:
    location = work.primary_location
    return _name(location.source.display_name) if location and location.source else None


def _catalogue_id(value: Loose) -> str | None:
    return identifiers.strip_prefix(as_text(value))


def _person(authorship: Authorship) -> Person | None:
    author = authorship.author
    stated = (text.plain(author.display_name) if author else None) or text.plain(authorship.raw_author_name)
    return names.parse(stated, orcid=author.orcid if author else None)


def _institutions(authorship: Authorship) -> Iterator[Party]:
    """Yield the recognised institutions; where there is none, the affiliations as the author stated them."""
    found = False
    for institution in as_list(authorship.institutions):
        for party in _party(institution.display_name, institution.ror):
            found = True
            yield party
    if not found:
        for stated in authorship.raw_affiliation_strings or ():
            yield from _party(stated, None)


def _party(name: Loose, ror: str | None) -> Iterator[Party]:
    stated, found = _name(name), identifiers.ror(ror)
    if stated or found:
        yield Party(stated, "ror" if found else None, found)


def _awards(grants: Iterable[Grant], funders: Iterable[Funder]) -> Iterator[Award]:
    """Yield each award id with the funder that the record ties it to; its ROR stands among the work's funders."""
    known = {funder.id: funder for funder in funders if funder.id}
    for grant in grants:
        funder = known.get(grant.funder_id or "") or Funder()
        name, ror = (
            text.plain(grant.funder_display_name) or text.plain(funder.display_name),
            identifiers.ror(funder.ror),
        )
        for award_id in identifiers.award_ids(grant.funder_award_id):
            yield Award(award_id, name, "ror" if ror else None, ror)


def _abstract(raw: msgspec.Raw, notes: Notes) -> str | None:
    """Return the abstract of an inverted index in JSON; one cut short in the source is left out and noted."""
    if raw == NULL:
        return None
    try:
        return text.abstract_from_index(_INDEX.decode(raw))
    except NO_RECORD:
        return _lenient_abstract(bytes(raw), notes)


def _lenient_abstract(raw: bytes, notes: Notes) -> str | None:
    if raw.strip() in (b"null", b"", b'""'):
        return None
    try:
        return text.abstract_from_index(decode_leniently(b'{"index":' + raw + b"}", Index).index)
    except NO_RECORD:
        notes[BAD_ABSTRACT] += 1
        return None
