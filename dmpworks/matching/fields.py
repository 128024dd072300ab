"""The fields by which a work can be searched, and the values that a work has in each."""

from collections.abc import Iterable, Mapping
from typing import Literal

from dmpworks.matching.comparison.awards import award_terms
from dmpworks.matching.comparison.name_keys import author_keys, surname_keys
from dmpworks.matching.records import Award, Work
from dmpworks.matching.terms import terms
from dmpworks.matching.tokens import join_values, tokenize

Kind = Literal["term", "tokens"]

LONGEST = 256  # characters of a term: a longer one is no name or id, and engines refuse the longest

# "term": a list of exact strings. "tokens": one text, folded and tokenized by us, to be split at white space only.
FIELDS: Mapping[str, Kind] = {
    "doi": "term",
    "orcid": "term",
    "surname": "term",
    "initial": "term",
    "institution_ror": "term",
    "institution_name": "tokens",
    "funder_ror": "term",
    "funder_name": "tokens",
    "award": "term",
    "intra_work_doi": "term",
    "shared_project_doi": "term",
    "dataset_citation_doi": "term",
    "content": "term",
}


def search_fields(work: Work) -> dict[str, list[str] | str]:
    """Return what a search engine indexes of a work, by field; empty lists and texts where the record has nothing."""
    # An award's funder has paid for the work even where the list of funders forgets it.
    funders = [(funder.name, funder.ror) for funder in work.funders]
    funders += [(award.funder_name, award.funder_ror) for award in work.awards]
    relations = work.relations
    return {
        "doi": [work.doi],
        "orcid": _distinct(author.orcid for author in work.authors),
        "surname": _distinct(key for author in work.authors for key in surname_keys(author)),
        "initial": _distinct(key for author in work.authors for key in author_keys(author)),
        "institution_ror": _distinct(institution.ror for institution in work.institutions),
        "institution_name": _names(institution.name for institution in work.institutions),
        "funder_ror": _distinct(ror for _, ror in funders),
        "funder_name": _names(name for name, _ in funders),
        "award": _distinct(
            term for award in work.awards for term in award_terms(award.award_id, work.funders_of(award))
        ),
        "intra_work_doi": list(relations.intra_work_dois),
        "shared_project_doi": list(relations.possible_shared_project_dois),
        "dataset_citation_doi": list(relations.dataset_citation_dois),
        "content": _distinct(terms([work.title, work.abstract_text])),
    }


def _award_terms(work: Work, award: Award) -> tuple[str, ...]:
    return award_terms(award.award_id, work.funders_of(award))


def _distinct(values: Iterable[str | None]) -> list[str]:
    """Return the distinct values in order, without empty ones and those longer than any name or id."""
    return list(dict.fromkeys(value for value in values if value and len(value) <= LONGEST))


def _names(names: Iterable[str | None]) -> str:
    """Return names as one text in which no phrase matches across two names."""
    return join_values([tokenize(name) for name in _distinct(names)])
