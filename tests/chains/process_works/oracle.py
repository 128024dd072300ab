"""The works index once more, in plain Python: what the SQL is compared with.

Written from the rules (`docs/explanation`), not from the SQL; slow and whole in memory on purpose: one function a rule.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Row = Mapping[str, Any]
Rows = Mapping[str, list[dict[str, Any]]]  # by dataset
Pair = tuple[str, str]

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

DATACITE_TYPES = {
    raw: work_type
    for work_type, names in (
        line.split(": ")
        for line in """AUDIO_VISUAL: Audiovisual Film
SOFTWARE: ComputationalNotebook Software
ARTICLE: ConferencePaper DataPaper JournalArticle Text
DATASET: Dataset Model
PHYSICAL_OBJECT: Instrument PhysicalObject
BOOK_CHAPTER: BookChapter
INTERACTIVE_RESOURCE: InteractiveResource
OUTPUT_MANAGEMENT_PLAN: OutputManagementPlan
PEER_REVIEW: PeerReview""".splitlines()
    )
    for raw in names.split()
} | {raw: raw.upper() for raw in "Book Dissertation Event Image Preprint Report Sound Standard".split()}
RELATION_TYPES = {
    "intra_work_dois": """
        is-expression-of has-expression is-format-of has-format is-identical-to is-same-as is-manifestation-of
        has-manifestation is-manuscript-of has-manuscript is-preprint-of has-preprint is-replaced-by replaces
        is-translation-of has-translation is-variant-form-of is-original-form-of is-version-of has-version
        IsIdenticalTo Obsoletes IsObsoletedBy HasPart IsPartOf IsPublishedIn IsTranslationOf HasTranslation
        IsVariantFormOf IsOriginalFormOf IsVersionOf HasVersion IsNewVersionOf IsPreviousVersionOf
    """.split(),
    "possible_shared_project_dois": """
        is-derived-from has-derivation is-based-on is-basis-for based-on-data is-data-basis-for is-supplement-to
        is-supplemented-by documents is-documented-by is-part-of has-part continues is-continued-by compiles
        is-compiled-by is-related-material has-related-material
        Compiles IsCompiledBy Continues IsContinuedBy IsDerivedFrom IsSourceOf Describes IsDescribedBy Documents
        IsDocumentedBy IsSupplementTo IsSupplementedBy
    """.split(),
}


def works_index(rows: Rows, max_degrees: int = 100) -> dict[str, dict[str, Any]]:
    """Return the works index by DOI, every column but `hash`."""
    ror = ror_ids(rows["ror"])
    openalex = defaultdict(list)
    for record in newest_records(rows["openalex-works"], lambda row: row["openalex_id"] or row["doi"]).values():
        openalex[record["doi"]].append(record)
    crossref, datacite = newest_by_doi(rows["crossref-metadata"]), newest_by_doi(rows["datacite"])
    works = {doi: datacite_work(record, openalex.get(doi, []), ror) for doi, record in datacite.items()}
    for doi, records in openalex.items():
        if doi not in datacite:
            works[doi] = openalex_work(records, crossref.get(doi), ror)
    related = relations(rows, max_degrees)
    for doi, work in works.items():
        work["relations"] = {kind: [{"doi": other} for other in sorted(dois[doi])] for kind, dois in related.items()}
    return works


def newest_by_doi(rows: Iterable[Row]) -> dict[str, Row]:
    """The newest record of each DOI."""
    return newest_records(rows, lambda row: row["doi"])


def newest_records(rows: Iterable[Row], identity: Callable[[Row], str]) -> dict[str, Row]:
    """The newest record of each identity; of equally new ones that whose content comes first, nulls last."""
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (age(row), *map(ordered, content(row)))):
        found.setdefault(identity(row), row)
    return found


def age(row: Row) -> tuple[bool, float]:
    """A key that puts the newest first and what has no date last."""
    updated = row["updated_date"]
    return updated is None, -(updated - BEGINNING).total_seconds() if updated else 0


def content(row: Row) -> list[Any]:
    """What decides between equally new records, in the order of the columns."""
    return [value for name, value in row.items() if name not in ("updated_date", "openalex_id", "is_xpac")]


def ordered(value: Any) -> Any:
    """A key that orders any value of a record, nulls after all others."""
    if isinstance(value, list):
        return False, [ordered(item) for item in value]
    if isinstance(value, dict):
        return False, [ordered(item) for item in value.values()]
    return value is None, value if value is not None else 0


def datacite_work(record: Row, openalex: list[Row], ror: "Ror") -> dict[str, Any]:
    """DataCite's record; OpenAlex adds awards, and the newer of the two updates counts."""
    return {
        "doi": record["doi"],
        "title": record["title"],
        "abstract_text": record["abstract_text"],
        "work_type": DATACITE_TYPES.get(record["work_type"], "OTHER"),
        "publication_date": record["publication_date"],
        "updated_date": newest("updated_date", [record, *openalex]),
        "publication_venue": record["publication_venue"],
        "authors": record["authors"],
        "institutions": organisations(record["institutions"], ror),
        "funders": organisations(record["funders"], ror),
        "awards": awards([[record], openalex], ror),
        "source": {"name": "DataCite", "url": f"https://commons.datacite.org/doi.org/{record['doi']}"},
    }


def openalex_work(records: list[Row], registered: Row | None, ror: "Ror") -> dict[str, Any]:
    """OpenAlex's record with the most identifiers; texts, dates and awards over its duplicates and Crossref."""
    records = sorted(records, key=lambda row: (-identifiers(row), ordered(row["openalex_id"])))
    record, crossref = records[0], [registered] if registered else []
    id, doi = record["openalex_id"], record["doi"]
    return {
        "doi": doi,
        "title": longest("title", [*records, *crossref]),
        "abstract_text": longest("abstract_text", [*records, *crossref]),
        "work_type": (record["work_type"] or "other").upper().replace("-", "_"),
        "publication_date": newest("publication_date", records),
        "updated_date": newest("updated_date", [*records, *crossref]),
        "publication_venue": record["publication_venue"],
        "authors": record["authors"],
        "institutions": organisations(record["institutions"], ror),
        "funders": organisations(record["funders"], ror),
        "awards": awards([records, crossref], ror),
        "source": {"name": "OpenAlex", "url": f"https://openalex.org/{id.upper()}" if id else f"https://doi.org/{doi}"},
    }


def identifiers(row: Row) -> int:
    """The number of a record's identifiers: its own, its authors', awards', funders' and institutions'."""
    own = sum(row[name] is not None for name in ("mag", "pmid", "pmcid"))
    orcids = {author["orcid"] for author in row["authors"]} - {None}
    award_ids = {award["award_id"] for award in row["awards"]}
    rors = {party["id"] for party in row["institutions"] if party["id_type"] == "ror"}
    return own + len(orcids) + len(award_ids) + len(set(row["funder_ids"])) + len(rors)


def longest(column: str, rows: Iterable[Row]) -> str | None:
    """The longest text in characters; of equally long ones the first."""
    return max((row[column] for row in rows if row[column] is not None), key=len, default=None)


def newest(column: str, rows: Iterable[Row]) -> Any:
    """The newest date or timestamp, null when there is none."""
    return max((row[column] for row in rows if row[column] is not None), default=None)


# --------------------------------------------------------------------------------------------- organisations, awards

Ror = Callable[[str | None, str | None], str | None]


def ror_ids(rows: Iterable[Row]) -> Ror:
    """Make what turns an id of an organisation into a ROR id."""
    known: defaultdict[Pair, list[tuple[bool, str]]] = defaultdict(list)
    for row in rows:
        for external in row["external_ids"]:
            known[external["id_type"], normal(external["id"])].append((row["status"] != "active", row["ror"]))

    def ror(id_type: str | None, id: str | None) -> str | None:
        if id_type is None or id is None:
            return None
        if id_type == "ror":
            return id
        return min(known.get((id_type, normal(id)), [(True, None)]))[1]

    return ror


def normal(id: str) -> str:
    """An id without spaces, in lower case."""
    return "".join(id.split()).lower()


def organisations(parties: Iterable[Row], ror: Ror) -> list[dict[str, Any]]:
    """Institutions or funders in source order, each name and ROR id once; what has neither says nothing."""
    found = [{"name": party["name"], "ror": ror(party["id_type"], party["id"])} for party in parties]
    return [party for place, party in enumerate(found) if any(party.values()) and party not in found[:place]]


def awards(sources: Iterable[Iterable[Row]], ror: Ror) -> list[dict[str, Any]]:
    """Awards of several sources, the first one's spelling first, sorted by id without regard to case."""
    by_id: defaultdict[str, list[tuple[str | None, str | None]]] = defaultdict(list)
    for source in sources:
        stated = [award for row in source for award in row["awards"]]
        for award in sorted(stated, key=lambda award: ordered(award["funder_name"])):
            funder = award["funder_name"], ror(award["funder_id_type"], award["funder_id"])
            by_id[award["award_id"]].append(funder)
    return [
        {"award_id": award_id, "funder_name": name, "funder_ror": id}
        for award_id in sorted(by_id, key=lambda award_id: (award_id.lower(), award_id))
        for name, id in sorted(funders_of_award(by_id[award_id]), key=lambda funder: ordered([*reversed(funder)]))
    ]


def funders_of_award(stated: list[tuple[str | None, str | None]]) -> list[tuple[str | None, str | None]]:
    """One entry per funder, by ROR id (also that of an equal name), else by name; none only if none has."""
    known = [(folded(name), id) for name, id in stated if id]
    funders: dict[str, tuple[str | None, str | None]] = {}
    for name, own in sorted(stated, key=lambda funder: funder[0] is None):
        id = own or min((other for known_name, other in known if known_name == folded(name)), default=None)
        if funder := id or folded(name):
            funders.setdefault(funder, (name, id))
    return list(funders.values()) or [(None, None)]


def folded(name: str | None) -> str | None:
    """A name without regard to case."""
    return name.lower() if name else None


def relations(rows: Rows, max_degrees: int) -> dict[str, defaultdict[str, set[str]]]:
    """The partners of each DOI by kind of relation: both ways, none to itself, no hubs."""
    found = {kind: defaultdict(set) for kind in (*RELATION_TYPES, "dataset_citation_dois")}
    for kind, pairs in stated(rows):
        for one, other in without_hubs(pairs, max_degrees):
            found[kind][one].add(other)
            found[kind][other].add(one)
    return found


def stated(rows: Rows) -> Iterator[tuple[str, set[Pair]]]:
    """Each kind and the pairs of one relation type in it, as the source states them."""
    types: defaultdict[str, set[Pair]] = defaultdict(set)
    for dataset in ("crossref-metadata", "datacite"):
        for doi, row in newest_by_doi(rows[dataset]).items():
            for relation in row["relations"]:
                name = relation["relation_type"]
                if name.islower() == (dataset == "crossref-metadata"):  # kebab-case is Crossref's, CamelCase DataCite's
                    types[name].add((doi, relation["doi"]))
    for kind, names in RELATION_TYPES.items():
        yield from ((kind, types[name]) for name in names)
    yield (
        "dataset_citation_dois",
        {(row["publication_doi"], row["dataset_doi"]) for row in rows["data-citation-corpus"]},
    )


def without_hubs(pairs: set[Pair], max_degrees: int) -> set[Pair]:
    """The pairs of one relation type, without those of a DOI that names too many or is named by too many."""
    pairs = {(one, other) for one, other in pairs if one != other}
    degrees = (Counter(one for one, _ in pairs), Counter(other for _, other in pairs))
    hubs = {doi for counter in degrees for doi, degree in counter.items() if degree > max_degrees}
    return {(one, other) for one, other in pairs if not hubs & {one, other}}
