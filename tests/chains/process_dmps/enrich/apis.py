"""The funders' APIs on a loopback server: as they were recorded, and as they would answer in the planted world."""

import gzip
import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from dmpworks.chains.process_dmps.settings import EnrichSettings
from tests.servers.answers import Answer, Asked

NSF, SEARCH, LISTED = "/nsf/awards.json", "/v2/projects/search", "/services/Projects/Publications"
CONVERTER, OLD_CONVERTER = "/tools/idconv/api/v1/articles/", "/pmc/utils/idconv/v1.0/"
CROSSREF, DATACITE = "/works", "/dois"
IGNORED = ("tool", "email")  # who asks


def addresses(url: str, **other: str) -> EnrichSettings:
    """All APIs at one server."""
    known = {"nsf_url": url + NSF, "pubmed_converter_url": url + CONVERTER}
    return EnrichSettings(**{**dict.fromkeys(("nih_reporter_api_url", "nih_reporter_url"), url), **known,
                        "crossref_url": url, "datacite_url": url, **other})  # fmt: skip


class PlantedFunders:
    """Answers from `funder-awards.json`: NSF lists DOIs, NIH PubMed ids that the converter turns into DOIs."""

    def __init__(self, file: Path) -> None:
        self.awards: dict[str, list[str]] = msgspec.json.decode(file.read_bytes())
        nih = [key for key in self.awards if not key.isdigit()]
        self.applications = {key: 1000 + number for number, key in enumerate(nih)}
        dois = sorted({doi for key in nih for doi in self.awards[key]})
        self.pmids = {doi: 30_000_000 + number for number, doi in enumerate(dois)}

    def __call__(self, asked: Asked) -> Answer:
        """Answer as the API at this path."""
        found = {NSF: self._nsf, SEARCH: self._search, LISTED: self._listed, CONVERTER: self._convert,
                 CROSSREF: self._crossref, DATACITE: self._datacite}.get(asked.path)  # fmt: skip
        return found(asked) if found else Answer({"error": "no such path"}, 404)

    def _nsf(self, asked: Asked) -> Answer:
        dois = self.awards.get(asked.query["id"])
        listed = [f"Journal~2020~1~Doe, J.~{doi}~1-2~Title of {doi}~2021-01-01 00:00:00.0" for doi in dois or []]
        return Answer({"response": {"award": [] if dois is None else [{"publicationResearch": listed}]}})

    def _search(self, asked: Asked) -> Answer:
        criteria = msgspec.json.decode(asked.body)["criteria"]
        parts = criteria.get("project_num_split") or {}
        wanted = "".join(parts.get(name, "") for name in ("activity_code", "ic_code", "serial_num"))
        keys = [key for key in self.applications if wanted and key.endswith(wanted)]
        keys += [key for key in self.applications for number in criteria.get("project_nums", []) if number[1:-3] == key]
        return Answer({"results": [{"appl_id": self.applications[key], "project_num": f"5{key}-02"} for key in keys]})

    def _listed(self, asked: Asked) -> Answer:
        [key] = [key for key, number in self.applications.items() if str(number) == asked.query["projectId"]]
        items = [{"core_project_num": key, "pm_id": self.pmids[doi], "pmc_id": None} for doi in self.awards[key]]
        return Answer({"results": items})

    def _convert(self, asked: Asked) -> Answer:
        dois = {str(pmid): doi for doi, pmid in self.pmids.items()}
        ids = asked.query["ids"].split(",")
        return Answer({"records": [{"requested-id": id, "pmid": int(id), "doi": dois[id]} for id in ids if id in dois]})

    def _crossref(self, asked: Asked) -> Answer:
        return Answer({"message": {"items": []}})

    def _datacite(self, asked: Asked) -> Answer:
        return Answer({"data": []})


class Recorded:
    """Gives recorded answers to the recorded requests, wherever they went; a redirect leads to this server again."""

    def __init__(self, folder: Path, *names: str) -> None:
        calls = [call for name in names for call in msgspec.json.decode(gzip.decompress(_file(folder, name)))]
        self._answers = {_request(call["request"]): call["response"] for call in calls}

    def __call__(self, asked: Asked) -> Answer:
        """Answer the recorded request that equals this one but for who asks."""
        path = NSF_RECORDED if asked.path == NSF else asked.path
        body = msgspec.json.decode(asked.body) if asked.body else None
        found = self._answers.get(_key(asked.method, path, asked.query, body))
        if found is None:
            return Answer({"error": f"not recorded: {asked}"}, 404)
        moved = re.search(r'href="https?://[^/]+([^"]+)"', found["body"]) if found["status"] == 301 else None
        headers = {"Location": html.unescape(moved[1])} if moved else {}
        return Answer(found["body"].encode(), found["status"], headers, found["content_type"])


NSF_RECORDED = "/awardapi-service/v1/awards.json"


def _file(folder: Path, name: str) -> bytes:
    return (folder / f"{name}.json.gz").read_bytes()


def _request(request: dict[str, Any]) -> str:
    parts = urlsplit(request["uri"])
    body = msgspec.json.decode(request["body"]) if request["body"] else None
    return _key(request["method"], parts.path, dict(parse_qsl(parts.query)), body)


def _key(method: str, path: str, query: dict[str, str], body: Any) -> str:
    if body:
        body["criteria"].pop("fiscal_years", None)
    asked = sorted((name, value) for name, value in query.items() if name not in IGNORED)
    return repr((method, path, asked, msgspec.json.encode(body, order="deterministic")))
