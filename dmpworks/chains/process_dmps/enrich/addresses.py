"""Which funders can be asked, and where."""

from dataclasses import dataclass

FUNDERS = ("nsf", "nih")


@dataclass(frozen=True)
class Addresses:
    """Where the APIs are, and whom they may write to."""

    nsf_url: str = "https://www.research.gov/awardapi-service/v1/awards.json"
    nih_reporter_api_url: str = "https://api.reporter.nih.gov"
    nih_reporter_url: str = "https://reporter.nih.gov"
    pubmed_converter_url: str = "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/"
    crossref_url: str = "https://api.crossref.org"
    datacite_url: str = "https://api.datacite.org"
    contact_email: str | None = None
