"""The reference of `columns`: one Crossref record -> one row, in plain Python."""

from collections import Counter
from collections.abc import Iterator

from dmpworks.chains.crossref_metadata.schema import Identified, Row
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import iso_datetime, plain_text
from dmpworks.datasets.columns.arrow import Award, Party, Relation
from dmpworks.datasets.reading.coerce import decode_leniently
from dmpworks.datasets.reading.loose_values import as_list, as_text, distinct, party
from dmpworks.datasets.subset import Subset
from tests.chains.crossref_metadata.decoded import Affiliation, Author, Authors, Funder, Record


def row(record: Record, subset: Subset | None, notes: Counter[str]) -> Row | str:
    """Return the row of a record, or why it is left out."""
    doi = identifiers.doi(as_text(record.doi))
    if doi is None:
        return "no DOI"
    if subset and not subset.keep(doi, _institutions(_authors(record))):
        return "not in subset"
    funders = [(funder, _funder(funder)) for funder in as_list(record.funder)]
    stated = record.deposited.date_time if record.deposited else None
    updated = iso_datetime(stated)
    if stated and updated is None:
        notes["deposited dates not parsed"] += 1
    _note_lost(notes, record)
    return Row(
        doi=doi,
        title=next((title for title in map(plain_text, as_list(record.title)) if title), None),
        abstract_text=plain_text(record.abstract),
        updated_date=updated,
        funders=distinct(found for _, found in funders),
        awards=distinct(award for funder, found in funders for award in _awards(funder, found)),
        relations=distinct(_relations(record)),
    )


def _note_lost(notes: Counter[str], record: Record) -> None:
    for funder in as_list(record.funder):
        stated = [*map(_identifier, as_list(funder.id)), (as_text(funder.doi), "Crossref Funder ID")]
        ids = [(value, scheme) for value, scheme in stated if value]
        notes["organisation ids not understood"] += sum(identifiers.organisation_id(*one) is None for one in ids)
    relations = record.relation if isinstance(record.relation, dict) else {}
    for kind, related in relations.items():
        for value in (_identifier(entry)[0] for entry in as_list(related)):
            doi = identifiers.doi(value)
            notes["relations to something without a DOI"] += bool(value and not doi)
            notes["relations without a type"] += bool(doi and not plain_text(kind))


def _funder(funder: Funder) -> Party | None:
    """Return a funder with its ROR id where one is stated, else its Crossref Funder id (a DOI)."""
    stated = [party(funder.name, *_identifier(entry)) for entry in as_list(funder.id)]
    stated.append(party(funder.name, funder.doi, "Crossref Funder ID"))
    known = [found for found in stated if found]
    best = {"ror": 0, None: 2}
    return min(known, key=lambda found: best.get(found.id_type, 1), default=None)


def _identifier(entry: Identified | str) -> tuple[str | None, str | None]:
    return (entry, None) if isinstance(entry, str) else (as_text(entry.id), as_text(entry.id_type))


def _awards(funder: Funder, found: Party | None) -> Iterator[Award]:
    name, id_type, id = found or Party(None)
    for value in as_list(funder.award):
        for award_id in identifiers.award_ids(value):
            yield Award(award_id, name, id_type, id)


def _relations(record: Record) -> Iterator[Relation]:
    if not isinstance(record.relation, dict):
        return
    for stated, related in record.relation.items():
        kind = plain_text(stated)
        for entry in as_list(related):
            doi = identifiers.doi(_identifier(entry)[0])
            if kind and doi:
                yield Relation(kind, doi)


def _authors(record: Record) -> list[Author]:
    stated = bytes(record.author).decode(errors="replace").encode()
    return as_list(decode_leniently(b'{"author":' + stated + b"}", Authors).author)


def _institutions(authors: list[Author]) -> Iterator[Party]:
    for author in authors:
        for affiliation in as_list(author.affiliation):
            yield from _parties(affiliation)


def _parties(affiliation: Affiliation | str) -> Iterator[Party]:
    if isinstance(affiliation, str):
        affiliation = Affiliation(affiliation)
    identified = [party(affiliation.name, *_identifier(entry)) for entry in as_list(affiliation.id)]
    yield from (found for found in identified or [party(affiliation.name)] if found)
