"""Convert PubMed and PubMed Central ids to DOIs, with PubMed Central's converter."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from dmpworks.chains.process_dmps.enrich.publications import DOI_IS_FRESH
from dmpworks.chains.process_dmps.settings import EnrichSettings
from dmpworks.cleaners import identifiers
from dmpworks.errors import DmpworksError
from dmpworks.services.http import Http

MAX_IDS = 200  # in one request: the converter's own limit
TOOL = "dmpworks"

IdType = Literal["pmid", "pmcid"]


class _Converted(msgspec.Struct, rename="kebab"):
    requested_id: str | int | None = None
    doi: str | None = None
    pmid: str | int | None = None
    pmcid: str | None = None


class _Answer(msgspec.Struct):
    records: list[_Converted]


def dois_of(
    ids: Iterable[str], id_type: IdType, http: Http, apis: EnrichSettings
) -> tuple[dict[str, str], dict[str, DmpworksError]]:
    """Return the DOIs of those ids (digits) that have one, and the failure of those that could not be asked for."""
    dois: dict[str, str] = {}
    failed: dict[str, DmpworksError] = {}
    for batch in _batches(sorted(set(ids), key=int)):
        try:
            dois |= _convert(batch, id_type, http, apis)
        except DmpworksError as error:
            failed |= dict.fromkeys(batch, error)
    return dois, failed


def _convert(batch: Sequence[str], id_type: IdType, http: Http, apis: EnrichSettings) -> dict[str, str]:
    query = {"ids": ",".join(batch), "idtype": id_type, "format": "json", "versions": "no", "tool": TOOL}
    if http.contact_email:
        query["email"] = http.contact_email
    records = http.get(apis.pubmed_converter_url, query, _Answer, DOI_IS_FRESH).records
    pairs = ((_requested_id(record, id_type), identifiers.doi(record.doi)) for record in records)
    return {id: doi for id, doi in pairs if doi and id in batch}


def _requested_id(record: _Converted, id_type: IdType) -> str:
    id = record.requested_id or (record.pmid if id_type == "pmid" else record.pmcid)
    return str(id or "").removeprefix("PMC")


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + MAX_IDS] for start in range(0, len(ids), MAX_IDS))
