"""The five datasets as the table of hostile records sees them: how a file of records is made, and transformed."""

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numba

from dmpworks.chains.crossref_metadata import jobs as crossref_metadata
from dmpworks.chains.data_citation_corpus import jobs as data_citation_corpus
from dmpworks.chains.datacite import jobs as datacite
from dmpworks.chains.openalex_works import jobs as openalex_works
from dmpworks.chains.ror import jobs as ror
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.transform.quarantine import QuarantinedRecord
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.services.storage import open_bucket
from dmpworks.settings.shared import BadRecords
from tests.datasets.test_damaged_records import as_gzip, as_tar
from tests.parquet_rows import quarantined, rows

ALL = BadRecords(max_bad_records=1.0)


class Kind(NamedTuple):
    """A dataset: its file of records, its job, a whole record of a DOI (or ROR id) and a title, and their columns."""

    file: str
    pack: Callable[[list[bytes]], bytes]
    transform: Callable[[Run], Counts | Partial]
    record: Callable[[str, Any], dict[str, Any]]
    key: str
    title: str

    @property
    def name(self) -> str:
        """The chain's name."""
        return self.file.split("/")[0]


class Outcome(NamedTuple):
    """What became of the lines of a file."""

    counts: Counts
    rows: list[dict[str, Any]]
    aside: dict[int, str]  # line -> kind of reason


def outcome(kind: Kind, lines: Sequence[bytes], folder: Path) -> Outcome:
    """Transform lines that are one file of a dataset."""
    assert worthwhile(1) and numba  # once loaded, the compiled loops clean so few values too
    (folder / "bucket").mkdir()
    (folder / "scratch").mkdir()
    bucket = open_bucket(str(folder / "bucket"))
    bucket.put(kind.file, kind.pack(list(lines)))
    run = Run(kind.name, "transform", "2026-10-01", "dev", bucket, folder / "scratch")
    counts = kind.transform(run)
    assert isinstance(counts, Counts) and counts.accounted
    aside = [
        msgspec.json.decode(line, type=QuarantinedRecord)
        for key in quarantined(run)
        for line in gzip.decompress(bucket.get(key)).splitlines()
    ]
    return Outcome(counts, rows(run), {bad.line: bad.reason.partition(":")[0] for bad in aside})


def as_zip_of(name: str) -> Callable[[list[bytes]], bytes]:
    """Return what packs records into a JSON array in a zip."""

    def pack(lines: list[bytes]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(name, b"[" + b",\n".join(lines) + b"]")
        return packed.getvalue()

    return pack


def openalex_work(doi: Any, title: Any) -> dict[str, Any]:
    person = {"display_name": "Jane Doe", "orcid": "https://orcid.org/0000-0001-9998-0114"}
    place = {"display_name": "ETH Zurich", "ror": "https://ror.org/05a28rw58"}
    return {
        "id": "https://openalex.org/W1",
        "doi": doi,
        "title": title,
        "display_name": None,
        "ids": {"mag": 5, "pmid": "https://pubmed.ncbi.nlm.nih.gov/29456894", "pmcid": "PMC5815332"},
        "type": "article",
        "publication_date": "2024-05-06",
        "updated_date": "2024-05-06T01:02:03.000004",
        "is_xpac": False,
        "primary_location": {"source": {"display_name": "A journal"}},
        "authorships": [
            {"author": person, "raw_author_name": "J Doe", "institutions": [place], "raw_affiliation_strings": ["ETH"]}
        ],
        "funders": [{"id": "https://openalex.org/F1", "display_name": "A fund", "ror": "https://ror.org/021nxhr62"}],
        "awards": [
            {"funder_award_id": "A1, A2", "funder_id": "https://openalex.org/F1", "funder_display_name": "A fund"}
        ],
        "abstract_inverted_index": {"An": [0], "abstract": [1, 2]},
        "other": "unused",
    }


def crossref_record(doi: Any, title: Any) -> dict[str, Any]:
    ror = {"id": "https://ror.org/05a28rw58", "id-type": "ROR", "asserted-by": "publisher"}
    return {
        "DOI": doi,
        "title": [title],
        "abstract": "<jats:p>An abstract</jats:p>",
        "deposited": {"date-time": "2024-05-06T01:02:03Z"},
        "author": [{"given": "Jane", "family": "Doe", "affiliation": [{"name": "ETH Zurich", "id": [ror]}]}],
        "funder": [{"name": "A fund", "DOI": "10.13039/100000001", "id": [dict(ror)], "award": ["A1, A2"]}],
        "relation": {"is-supplement-to": [{"id": "10.1234/x", "id-type": "doi", "asserted-by": "subject"}]},
        "other": "unused",
    }


def datacite_record(doi: Any, title: Any) -> dict[str, Any]:
    attributes = {
        "titles": [{"title": title}],
        "descriptions": [{"description": "An abstract", "descriptionType": "Abstract"}],
        "types": {"resourceTypeGeneral": "Dataset"},
        "publicationYear": 2024,
        "published": "2024",
        "dates": [{"date": "2024-05-06", "dateType": "Issued"}],
        "created": "2024-07-08T01:02:03Z",
        "updated": "2024-05-06T01:02:03Z",
        "publisher": {"name": "A repository"},
        "creators": [
            {
                "name": "Doe, Jane",
                "nameType": "Personal",
                "givenName": "Jane",
                "familyName": "Doe",
                "nameIdentifiers": [{"nameIdentifier": "0000-0001-9998-0114", "nameIdentifierScheme": "ORCID"}],
                "affiliation": [{"name": "ETH Zurich", "affiliationIdentifier": "https://ror.org/05a28rw58"}],
            }
        ],
        "fundingReferences": [
            {"funderName": "A fund", "funderIdentifier": "100000001", "awardNumber": "A1, A2", "awardUri": None}
        ],
        "relatedIdentifiers": [
            {"relatedIdentifier": "10.1234/x", "relatedIdentifierType": "DOI", "relationType": "IsSupplementTo"}
        ],
    }
    return {"id": doi, "attributes": attributes, "other": "unused"}


def organisation(id: Any, name: Any) -> dict[str, Any]:
    return {
        "id": id,
        "names": [{"value": name, "types": ["ror_display", "label"], "lang": "en"}],
        "status": "active",
        "types": ["education"],
        "external_ids": [{"type": "grid", "all": ["grid.5801.c"], "preferred": "grid.5801.c"}],
        "other": "unused",
    }


def citation(doi: Any, title: Any) -> dict[str, Any]:
    return {"publication": "10.1234/article", "dataset": doi, "other": "unused"}


def _openalex(run: Run) -> Counts | Partial:
    options = openalex_works.Transform(workers=1, include_xpac=True)
    return openalex_works.transform(run, openalex_works.Scope(), options, ALL)


def _crossref(run: Run) -> Counts | Partial:
    return crossref_metadata.transform(run, crossref_metadata.Transform(workers=1), crossref_metadata.Scope(), ALL)


def _datacite(run: Run) -> Counts | Partial:
    return datacite.transform(run, datacite.Transform(workers=1), datacite.Scope(), ALL)


def _ror(run: Run) -> Counts | Partial:
    return ror.transform(run, ALL)


def _corpus(run: Run) -> Counts | Partial:
    return data_citation_corpus.transform(run, ALL)


OPENALEX = Kind("openalex-works/2026-10-01/download/part_0000.gz", as_gzip, _openalex, openalex_work, "doi", "title")
CROSSREF = Kind(
    "crossref-metadata/2026-10-01/download/March_2026.tar", as_tar, _crossref, crossref_record, "doi", "title"
)
DATACITE = Kind(
    "datacite/2026-10-01/download/dois/updated_2026-01/part_0000.jsonl.gz",
    as_gzip,
    _datacite,
    datacite_record,
    "doi",
    "title",
)
ROR = Kind(
    "ror/2026-10-01/download/ror.zip", as_zip_of("v2.0-2026-01-01-ror-data.json"), _ror, organisation, "ror", "name"
)
CORPUS = Kind(
    "data-citation-corpus/2026-10-01/download/corpus.zip",
    as_zip_of("corpus.json"),
    _corpus,
    citation,
    "dataset_doi",
    "",
)
LINES = (OPENALEX, CROSSREF, DATACITE)
EVERY = (*LINES, ROR, CORPUS)
DIGITS = "abcdefghjkmnpqrstvwxyz0123456789"


def key(kind: Kind, number: int) -> str:
    """Return the DOI, or ROR id, of a record."""
    if kind is ROR:
        return f"https://ror.org/0{DIGITS[number // 32]}{DIGITS[number % 32]}000x00"
    return f"10.5555/case.{number}"
