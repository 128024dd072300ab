"""The leaves of published OpenAlex works: one flat Arrow column each, with offsets for the lists.

Works read from JSON Lines are flattened (`of_structs`), those from Parquet already lie like this (`of_table`); what is
made of the leaves (`records.py`) is the same for both. Null lists, null elements and null structs are empty.
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
from dmpworks.datasets.columns import raw_json as undecoded
from dmpworks.datasets.columns.flatten import TEXT, dates, elements, texts
from dmpworks.datasets.kernels.gather import Lists, counted
from dmpworks.datasets.kernels.strings import Flags, offsets_of

Names: TypeAlias = "Callable[[pa.Array], pa.StringArray]"  # those at some places


@dataclass(frozen=True)
class Leaves:
    """What the rows of some works are made of; each name is that of a leaf of a published record."""

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
    raw_author_name: Names  # asked for where the author's name says nothing
    institutions: Lists  # of each authorship
    institution_name: pa.StringArray
    institution_ror: pa.StringArray
    affiliations: Lists  # of each authorship, as stated there
    affiliation: pa.StringArray
    funders: Lists  # of each work
    funder_id: pa.StringArray
    funder_name: pa.StringArray
    funder_ror: pa.StringArray
    awards: Lists  # of each work
    award_id: pa.StringArray
    award_funder_id: pa.StringArray
    award_funder_name: pa.StringArray


Works: TypeAlias = "list[Work] | pa.RecordBatch"


def of(works: Works) -> Leaves:
    """Return the leaves of works of either copy."""
    return of_structs(works) if isinstance(works, list) else of_table(works)


def doi(works: Works) -> pa.StringArray:
    """Return the DOIs of works as stated."""
    return texts([work.doi for work in works]) if isinstance(works, list) else _texts(works["doi"])


def is_xpac(works: Works) -> pa.BooleanArray:
    """Return which works are flagged as of the expansion pack."""
    if isinstance(works, list):
        return pa.array([work.is_xpac for work in works], pa.bool_())
    return _struct(works.to_struct_array())("is_xpac").cast(pa.bool_())


def kept(works: Works, wanted: Flags) -> Works:
    """Return the works that are wanted."""
    if wanted.all():
        return works
    return list(compress(works, wanted)) if isinstance(works, list) else works.filter(pa.array(wanted))


def of_structs(works: list[Work]) -> Leaves:
    """Return the leaves of decoded works."""
    ids = [work.ids or _NO_IDS for work in works]
    locations = [work.primary_location for work in works]
    sources = [location and location.source for location in locations]
    authorships, authors_of = elements([work.authorships for work in works])
    institutions, institutions_of = elements([one.institutions for one in authorships])
    affiliations, affiliation = _affiliations(authorships)
    funders, funders_of = elements([work.funders for work in works])
    awards, awards_of = elements([work.awards for work in works])
    authors = [one.author or _NO_AUTHOR for one in authorships]
    return Leaves(
        id=texts([work.id for work in works]),
        title=texts([work.title for work in works]),
        display_name=texts([work.display_name for work in works]),
        type=texts([work.type for work in works]),
        publication_date=dates([work.publication_date for work in works]),
        updated_date=dates([work.updated_date for work in works]),
        is_xpac=is_xpac(works),
        venue=texts([source and source.display_name for source in sources]),
        mag=texts([one.mag for one in ids]),
        pmid=texts([one.pmid for one in ids]),
        pmcid=texts([one.pmcid for one in ids]),
        abstract=_raw([work.abstract_inverted_index for work in works]),
        authorships=authors_of,
        author_name=texts([author.display_name for author in authors]),
        author_orcid=texts([author.orcid for author in authors]),
        raw_author_name=_raw_names(authorships),
        institutions=institutions_of,
        institution_name=texts([one.display_name for one in institutions]),
        institution_ror=texts([one.ror for one in institutions]),
        affiliations=affiliations,
        affiliation=affiliation,
        funders=funders_of,
        funder_id=texts([one.id for one in funders]),
        funder_name=texts([one.display_name for one in funders]),
        funder_ror=texts([one.ror for one in funders]),
        awards=awards_of,
        award_id=texts([one.funder_award_id for one in awards]),
        award_funder_id=texts([one.funder_id for one in awards]),
        award_funder_name=texts([one.funder_display_name for one in awards]),
    )


_NO_IDS, _NO_AUTHOR = Ids(), Author()
_is_ror = lru_cache(maxsize=1 << 14)(identifiers.ror)


def _affiliations(authorships: Sequence[Authorship]) -> tuple[Lists, pa.StringArray]:
    """Return the affiliations as stated of each authorship, but none where an institution of it is known for sure."""
    is_ror = _is_ror
    places, stated = [], []
    for place, one in enumerate(authorships):
        institutions = one.institutions
        if not (institutions and institutions[0] and is_ror(institutions[0].ror)):
            places.append(place)
            stated.append(one.raw_affiliation_strings)
    lists, (affiliation,), _ = undecoded.read(stated, Affiliation, Counter(), alone=True)
    return counted(np.array(places, np.int64)[lists.owners], len(authorships)), affiliation


def _raw_names(authorships: Sequence[Authorship]) -> Names:
    return lambda places: texts([authorships[place].raw_author_name for place in places.to_pylist()])


def _raw(values: Sequence[msgspec.Raw]) -> pa.BinaryArray:
    data = np.frombuffer(b"".join(values) + b" ", np.uint8)
    offsets = offsets_of(values)
    null = (np.diff(offsets) == 4) & (data[offsets[:-1]] == ord("n"))  # nothing else in JSON is like this
    mask = pa.py_buffer(np.packbits(~null, bitorder="little"))
    return pa.BinaryArray.from_buffers(pa.binary(), len(values), [mask, pa.py_buffer(offsets), pa.py_buffer(data)])


def of_table(works: pa.RecordBatch) -> Leaves:
    """Return the leaves of works as Parquet holds them."""
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
    """Return what gives the children of a column of structs by name; one that is not there is null."""
    children = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    return lambda name: children[name] if name in children else pa.nulls(len(array), TEXT)


def _list(array: pa.ListArray) -> tuple[Lists, pa.Array]:
    offsets = np.asarray(array.offsets)
    return Lists(offsets - offsets[0]), array.values.slice(offsets[0], offsets[-1] - offsets[0])


def _elements(array: pa.ListArray) -> tuple[Lists, Child]:
    lists, values = _list(array)
    return lists, _struct(values)


def _texts(array: pa.Array) -> pa.StringArray:
    return array if array.type == TEXT else array.cast(TEXT, safe=False)


def _map(array: pa.Array) -> Child:
    """Return what gives the value of a key in a column of maps (or of structs); of a key twice, the last."""
    if not pa.types.is_map(array.type):
        child = _struct(array)
        return lambda name: _texts(child(name))
    offsets = np.asarray(array.offsets)
    size = offsets[-1] - offsets[0]
    keys, items = (part.slice(offsets[0], size) for part in (array.keys, array.items))
    owners = Lists(offsets - offsets[0]).owners

    def value(name: str) -> pa.StringArray:
        found = np.flatnonzero(pc.fill_null(pc.equal(keys, name), False).to_numpy(zero_copy_only=False))
        places = np.full(len(array), -1)
        places[owners[found]] = found
        return _texts(items.take(pa.array(places, mask=places < 0)))

    return value
