"""Flattens published OpenAlex works to leaves: one flat Arrow column each, with offsets for the lists.

Works from JSON Lines are flattened (`from_structs`), those from Parquet are stored like this (`from_table`), so that
`records.py` is the same code for both copies. Null lists, elements and structs are empty.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.openalex_works.schema import Affiliation, Author, Authorship, Ids, Work
from dmpworks.cleaners import identifiers
from dmpworks.datasets.columns import raw_json
from dmpworks.datasets.columns.flatten import TEXT, dates, elements, texts
from dmpworks.datasets.kernels.gather import Lists, counted
from dmpworks.datasets.kernels.strings import Flags, offsets_of

Names: TypeAlias = "Callable[[pa.Array], pa.StringArray]"  # the names at the given positions


@dataclass(frozen=True)
class Leaves:
    """The leaves of a batch of works; each field is named after the leaf of a published record."""

    id: pa.StringArray
    title: pa.StringArray
    display_name: pa.StringArray
    type: pa.StringArray
    publication_date: pa.Array  # text in JSON Lines, dates in Parquet
    updated_date: pa.Array  # text in JSON Lines, timestamps in Parquet
    is_xpac: pa.BooleanArray
    venue: pa.StringArray
    mag: pa.StringArray
    pmid: pa.StringArray
    pmcid: pa.StringArray
    abstract: pa.BinaryArray
    authorships: Lists  # of each work
    author_name: pa.StringArray
    author_orcid: pa.StringArray
    raw_author_name: Names  # read only where the author's name is missing, which saves most of the column
    institutions: Lists  # of each authorship
    institution_name: pa.StringArray
    institution_ror: pa.StringArray
    affiliations: Lists  # of each authorship, as stated by the publisher
    affiliation: pa.StringArray
    funders: Lists  # of each work
    funder_id: pa.StringArray
    funder_name: pa.StringArray
    funder_ror: pa.StringArray
    awards: Lists  # of each work
    award_id: pa.StringArray
    award_funder_id: pa.StringArray
    award_funder_name: pa.StringArray


Works: TypeAlias = "list[Work] | pa.RecordBatch"  # from JSON Lines or from Parquet


def flatten(works: Works) -> Leaves:
    """Return the leaves of works from either copy."""
    return from_structs(works) if isinstance(works, list) else from_table(works)


def doi(works: Works) -> pa.StringArray:
    """Return the DOIs of works as stated."""
    return texts([work.doi for work in works]) if isinstance(works, list) else _texts(works["doi"])


def is_xpac(works: Works) -> pa.BooleanArray:
    """Return which works are flagged as part of the expansion pack."""
    if isinstance(works, list):
        return pa.array([work.is_xpac for work in works], pa.bool_())
    return _struct(works.to_struct_array())("is_xpac").cast(pa.bool_())


def select(works: Works, flags: Flags) -> Works:
    """Return the flagged works."""
    if flags.all():
        return works
    return list(compress(works, flags)) if isinstance(works, list) else works.filter(pa.array(flags))


def from_structs(works: list[Work]) -> Leaves:
    """Return the leaves of works decoded from JSON Lines."""
    ids = [work.ids or _NO_IDS for work in works]
    locations = [work.primary_location for work in works]
    sources = [location and location.source for location in locations]
    authorships, authors_of = elements([work.authorships for work in works])
    institutions, institutions_of = elements([authorship.institutions for authorship in authorships])
    affiliations, affiliation = _affiliations(authorships)
    funders, funders_of = elements([work.funders for work in works])
    awards, awards_of = elements([work.awards for work in works])
    authors = [authorship.author or _NO_AUTHOR for authorship in authorships]
    return Leaves(
        id=texts([work.id for work in works]),
        title=texts([work.title for work in works]),
        display_name=texts([work.display_name for work in works]),
        type=texts([work.type for work in works]),
        publication_date=dates([work.publication_date for work in works]),
        updated_date=dates([work.updated_date for work in works]),
        is_xpac=is_xpac(works),
        venue=texts([source and source.display_name for source in sources]),
        mag=texts([other.mag for other in ids]),
        pmid=texts([other.pmid for other in ids]),
        pmcid=texts([other.pmcid for other in ids]),
        abstract=_raw([work.abstract_inverted_index for work in works]),
        authorships=authors_of,
        author_name=texts([author.display_name for author in authors]),
        author_orcid=texts([author.orcid for author in authors]),
        raw_author_name=_raw_names(authorships),
        institutions=institutions_of,
        institution_name=texts([institution.display_name for institution in institutions]),
        institution_ror=texts([institution.ror for institution in institutions]),
        affiliations=affiliations,
        affiliation=affiliation,
        funders=funders_of,
        funder_id=texts([funder.id for funder in funders]),
        funder_name=texts([funder.display_name for funder in funders]),
        funder_ror=texts([funder.ror for funder in funders]),
        awards=awards_of,
        award_id=texts([award.funder_award_id for award in awards]),
        award_funder_id=texts([award.funder_id for award in awards]),
        award_funder_name=texts([award.funder_display_name for award in awards]),
    )


_NO_IDS, _NO_AUTHOR = Ids(), Author()
_is_ror = lru_cache(maxsize=1 << 14)(identifiers.ror)  # the same institutions are repeated within a file


def _affiliations(authorships: Sequence[Authorship]) -> tuple[Lists, pa.StringArray]:
    """Return the stated affiliations of each authorship, except of those whose first institution has a ROR id.

    `records.py` uses them only where no institution was recognised. Decoding all of them would take more time than any
    other field.
    """
    positions, stated = [], []
    for position, authorship in enumerate(authorships):
        institutions = authorship.institutions
        if not (institutions and institutions[0] and _is_ror(institutions[0].ror)):
            positions.append(position)
            stated.append(authorship.raw_affiliation_strings)
    lists, (affiliation,), _ = raw_json.read(stated, Affiliation, Counter(), allow_bare_text=True)
    return counted(np.array(positions, np.int64)[lists.owners], len(authorships)), affiliation


def _raw_names(authorships: Sequence[Authorship]) -> Names:
    return lambda places: texts([authorships[place].raw_author_name for place in places.to_pylist()])


def _raw(values: Sequence[msgspec.Raw]) -> pa.BinaryArray:
    data = np.frombuffer(b"".join(values) + b" ", np.uint8)
    offsets = offsets_of(values)
    null = (np.diff(offsets) == 4) & (
        data[offsets[:-1]] == ord("n")
    )  # "null" is the only JSON value of four bytes that begins with n
    mask = pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.BinaryArray.from_buffers(pa.binary(), len(values), [mask, pa.py_buffer(offsets), pa.py_buffer(data)])


def from_table(works: pa.RecordBatch) -> Leaves:
    """Return the leaves of works from Parquet."""
    work = _struct(works.to_struct_array())
    authorships, authorship = _elements(work("authorships"))
    institutions, institution = _elements(authorship("institutions"))
    affiliations, affiliation = _list(authorship("raw_affiliation_strings"))
    funders, funder = _elements(work("funders"))
    awards, award = _elements(work("awards"))
    author = _struct(authorship("author"))
    source = _struct(_struct(work("primary_location"))("source"))
    ids = _map(work("ids"))
    return Leaves(
        id=_texts(work("id")),
        title=_texts(work("title")),
        display_name=_texts(work("display_name")),
        type=_texts(work("type")),
        publication_date=work("publication_date"),
        updated_date=work("updated_date"),
        is_xpac=is_xpac(works),
        venue=_texts(source("display_name")),
        mag=ids("mag"),
        pmid=ids("pmid"),
        pmcid=ids("pmcid"),
        abstract=_texts(work("abstract_inverted_index")).view(pa.binary()),
        authorships=authorships,
        author_name=_texts(author("display_name")),
        author_orcid=_texts(author("orcid")),
        raw_author_name=_texts(authorship("raw_author_name")).take,
        institutions=institutions,
        institution_name=_texts(institution("display_name")),
        institution_ror=_texts(institution("ror")),
        affiliations=affiliations,
        affiliation=_texts(affiliation),
        funders=funders,
        funder_id=_texts(funder("id")),
        funder_name=_texts(funder("display_name")),
        funder_ror=_texts(funder("ror")),
        awards=awards,
        award_id=_texts(award("funder_award_id")),
        award_funder_id=_texts(award("funder_id")),
        award_funder_name=_texts(award("funder_display_name")),
    )


Child = Callable[[str], pa.Array]


def _struct(array: pa.StructArray) -> Child:
    """Return a function from the name of a child of a struct column to the child; a missing one is null."""
    children = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    return lambda name: children[name] if name in children else pa.nulls(len(array), TEXT)


def _list(array: pa.ListArray) -> tuple[Lists, pa.Array]:
    # A batch is a slice of the file's column: its offsets need not begin at 0, and its values are those of all batches.
    offsets = np.asarray(array.offsets)
    return Lists(offsets - offsets[0]), array.values.slice(offsets[0], offsets[-1] - offsets[0])


def _elements(array: pa.ListArray) -> tuple[Lists, Child]:
    lists, values = _list(array)
    return lists, _struct(values)


def _texts(array: pa.Array) -> pa.StringArray:
    return array if array.type == TEXT else array.cast(TEXT, safe=False)


def _map(array: pa.Array) -> Child:
    """Return a function from a key of a map (or struct) column to the values; of a repeated key, the last one."""
    if not pa.types.is_map(array.type):
        child = _struct(array)
        return lambda name: _texts(child(name))
    offsets = np.asarray(array.offsets)
    size = offsets[-1] - offsets[0]
    keys, items = (part.slice(offsets[0], size) for part in (array.keys, array.items))
    owners = Lists(offsets - offsets[0]).owners

    def value(name: str) -> pa.StringArray:
        entries = np.flatnonzero(pc.fill_null(pc.equal(keys, name), False).to_numpy(zero_copy_only=False))
        chosen = np.full(len(array), -1)
        chosen[owners[entries]] = entries
        return _texts(items.take(pa.array(chosen, mask=chosen < 0)))

    return value
