"""The reference of `columns`: one DataCite record -> one row, in plain Python."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from dmpworks.chains.datacite.schema import Row
from dmpworks.cleaners import identifiers, names
from dmpworks.cleaners.names import Person
from dmpworks.cleaners.text import iso_date, iso_datetime, plain_text
from dmpworks.datasets.columns.arrow import Award, Party, Relation
from dmpworks.datasets.reading.loose_values import Loose, as_list, as_text, distinct, party
from dmpworks.datasets.subset import Subset
from tests.chains.datacite.decoded import (
    Affiliation,
    Attributes,
    Creator,
    Description,
    Funding,
    NameIdentifier,
    Record,
    Title,
)


def row(record: Record, subset: Subset | None, notes: Counter[str]) -> Row | str:
    """Return the row of a record, or why it is left out."""
    work = record.attributes or Attributes()
    doi = identifiers.doi(as_text(record.id)) or identifiers.doi(as_text(work.doi))
    if doi is None:
        return "no DOI"
    creators = [(creator, _is_organisation(creator)) for creator in as_list(work.creators)]
    institutions = distinct(_institutions(creators))
    if subset and not subset.keep(doi, institutions):
        return "not in subset"
    fundings = [(funding, _funder(funding)) for funding in as_list(work.funding_references)]
    updated, published = iso_datetime(work.updated), publication_date(work)
    _note(notes, work, updated is None, published is None)
    _note_lost(notes, work, creators)
    return Row(
        doi=doi,
        title=_first(entry.title if isinstance(entry, Title) else entry for entry in as_list(work.titles)),
        abstract_text=_abstract(work),
        work_type=plain_text(work.types.resource_type_general) if work.types else None,
        publication_date=published,
        updated_date=updated,
        publication_venue=plain_text(work.publisher if isinstance(work.publisher, str | None) else work.publisher.name),
        authors=[found for creator, organisation in creators if not organisation and (found := _person(creator))],
        institutions=institutions,
        funders=distinct(funder for _, funder in fundings),
        awards=distinct(award for funding, funder in fundings for award in _awards(funding, funder)),
        relations=distinct(_relations(work)),
    )


def publication_date(work: Attributes) -> date | None:
    """Return the first full date of Issued, published, created (if in publicationYear), else January 1 of that year."""
    year = _year(work.publication_year)
    for event in as_list(work.dates):
        if event.date_type == "Issued" and (found := iso_date(as_text(event.date))):
            return found
    if found := iso_date(work.published):
        return found
    created = iso_date(work.created)
    if created and created.year == year:
        return created
    return date(year, 1, 1) if year else None


def _year(value: Loose) -> int | None:
    text = (as_text(value) or "").strip()
    # Four digits: 0 and 20211 occur, and stand for nothing.
    return int(text) if len(text) == 4 and text.isascii() and text.isdigit() and text != "0000" else None


def _note(notes: Counter[str], work: Attributes, no_update: bool, no_publication: bool) -> None:
    if no_update and work.updated:
        notes["updated dates not parsed"] += 1
    if no_publication and (work.published or work.publication_year):
        notes["publication dates not parsed"] += 1


def _note_lost(notes: Counter[str], work: Attributes, creators: list[tuple[Creator, bool]]) -> None:
    fundings = [(entry.funder_identifier, entry.funder_identifier_type) for entry in as_list(work.funding_references)]
    ids = [*fundings, *_stated_ids(creators)]
    notes["organisation ids not understood"] += sum(
        bool(as_text(value)) and identifiers.organisation_id(as_text(value), as_text(scheme)) is None
        for value, scheme in ids
    )
    stated = [pair for creator, _ in creators for pair in _identifiers(creator)]
    notes["ORCIDs not understood"] += sum(
        "orcid" in (scheme or value).lower() and identifiers.orcid(value) is None for value, scheme in stated
    )
    notes["authors without a name"] += sum(not one and _person(creator) is None for creator, one in creators)
    for related in as_list(work.related_identifiers):
        doi = identifiers.doi(as_text(related.related_identifier))
        if as_text(related.related_identifier) and not doi:
            notes["relations to something without a DOI"] += 1
        if doi and not plain_text(related.relation_type):
            notes["relations without a type"] += 1
    notes["publication dates set to January 1"] += _is_default(work)


def _is_default(work: Attributes) -> bool:
    year, created = _year(work.publication_year), iso_date(work.created)
    issued = [event for event in as_list(work.dates) if event.date_type == "Issued" and iso_date(as_text(event.date))]
    return bool(year and not issued and not iso_date(work.published) and not (created and created.year == year))


def _stated_ids(creators: list[tuple[Creator, bool]]) -> Iterator[tuple[Loose, Loose]]:
    """Yield the identifiers of affiliations; those of organisations are chosen among the understood ones."""
    for creator, _ in creators:
        for entry in as_list(creator.affiliation):
            if not isinstance(entry, str):
                yield entry.affiliation_identifier, entry.affiliation_identifier_scheme


def _first(values: Iterable[Loose]) -> str | None:
    return next((found for found in map(plain_text, values) if found), None)


def _abstract(work: Attributes) -> str | None:
    entries = [entry for entry in as_list(work.descriptions) if isinstance(entry, Description)]
    return _first(entry.description for entry in entries if entry.description_type == "Abstract")


def _is_organisation(creator: Creator) -> bool:
    """Return whether a creator is an organisation: by nameType, else by what only persons have, else by name."""
    if creator.name_type in ("Organizational", "Personal"):
        return creator.name_type == "Organizational"
    if creator.given_name or creator.family_name or _orcid(creator):
        return False
    return names.is_organisation(as_text(creator.name) or "")


def _person(creator: Creator) -> Person | None:
    given, family = as_text(creator.given_name), as_text(creator.family_name)
    return names.parse(as_text(creator.name), given=given, family=family, orcid=_orcid(creator))


def _orcid(creator: Creator) -> str | None:
    # An ISNI has an ORCID's digits, so the scheme or the URL must say that it is one.
    stated = ((value, scheme or value) for value, scheme in _identifiers(creator))
    found = (identifiers.orcid(value) for value, scheme in stated if "orcid" in scheme.lower())
    return next((orcid for orcid in found if orcid), None)


def _identifiers(creator: Creator) -> Iterator[tuple[str, str]]:
    """Yield the identifiers of a creator, each with its scheme or an empty text."""
    for entry in as_list(creator.name_identifiers):
        if isinstance(entry, str):
            entry = NameIdentifier(entry)
        if value := as_text(entry.name_identifier):
            yield value, as_text(entry.name_identifier_scheme) or ""


def _institutions(creators: Iterable[tuple[Creator, bool]]) -> Iterator[Party | None]:
    """Yield the organisations among the creators, and those that creators belong to."""
    for creator, organisation in creators:
        if organisation:
            yield _organisation(creator)
        for entry in as_list(creator.affiliation):
            stated = Affiliation(entry) if isinstance(entry, str) else entry
            yield party(stated.name, stated.affiliation_identifier, stated.affiliation_identifier_scheme)


def _organisation(creator: Creator) -> Party | None:
    parties = [party(creator.name, value, scheme) for value, scheme in _identifiers(creator)]
    identified = (found for found in parties if found and found.id)
    return next(identified, party(creator.name))


def _funder(funding: Funding) -> Party | None:
    return party(funding.funder_name, funding.funder_identifier, funding.funder_identifier_type)


def _awards(funding: Funding, funder: Party | None) -> Iterator[Award]:
    name, id_type, id = funder or Party(None)
    for award_id in identifiers.award_ids(funding.award_number):
        yield Award(award_id, name, id_type, id)


def _relations(work: Attributes) -> Iterator[Relation]:
    for related in as_list(work.related_identifiers):
        # Whatever its type says: URLs of DOIs come as type URL.
        doi = identifiers.doi(as_text(related.related_identifier))
        relation_type = plain_text(related.relation_type)
        if doi and relation_type:
            yield Relation(relation_type, doi)
