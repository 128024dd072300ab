"""Turn a row of the export into the document that the search engine indexes."""

from collections.abc import Mapping
from typing import Any

from dmpworks.matching.fields import search_fields
from dmpworks.matching.records import Author, Award, Funder, Institution, Relations, Source, Work
from dmpworks.services.search import Document


def work_record(row: Mapping[str, Any]) -> Work:
    """Return a row of the works index as a record, with each list of `{doi}` as a tuple of DOIs."""
    return Work(
        doi=row["doi"],
        hash=row["hash"],
        title=row["title"],
        abstract_text=row["abstract_text"],
        work_type=row["work_type"],
        publication_date=row["publication_date"],
        updated_date=row["updated_date"],
        publication_venue=row["publication_venue"],
        authors=tuple(Author(**author) for author in row["authors"]),
        institutions=tuple(Institution(**institution) for institution in row["institutions"]),
        funders=tuple(Funder(**funder) for funder in row["funders"]),
        awards=tuple(Award(**award) for award in row["awards"]),
        relations=Relations(**{kind: _dois(related) for kind, related in row["relations"].items()}),
        source=Source(**row["source"]),
    )


def document(work: Work) -> Document:
    """Return the searchable fields and the stored source of a work."""
    return Document(
        id=work.doi,
        fields=search_fields(work),
        published=work.publication_date,
        work_type=work.work_type,
        source=work,
    )


def _dois(related: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(item["doi"] for item in related)
