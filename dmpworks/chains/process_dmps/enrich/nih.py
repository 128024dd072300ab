"""The National Institutes of Health: RePORTER knows the applications of a project and the publications they led to."""

import re

import msgspec

from dmpworks.chains.process_dmps.enrich.publications import LIST_IS_FRESH, AwardAnswer, Publication
from dmpworks.chains.process_dmps.settings import EnrichSettings
from dmpworks.cleaners.text import folded, plain_text
from dmpworks.matching.comparison.awards import NihAward, parse_nih
from dmpworks.matching.comparison.funding import NIH_PARTS
from dmpworks.matching.records import PlanAward
from dmpworks.services.http import Http

ROR = "01cwqze88"
NAMES = re.compile(r"(the )?(us |u s |usa |united states )?(national institutes? of health( nih)?|nih)( us| usa)?")
# Its institutes and centers are funders in their own right in ROR, their awards are NIH's.
_INSTITUTES = re.compile(NIH_PARTS)
PAGE = "https://reporter.nih.gov/project-details/{}"
_MAX_RESULTS = 500


class _Application(msgspec.Struct):
    appl_id: int
    project_num: str | None = None


class _Applications(msgspec.Struct):
    results: list[_Application]


class _Listed(msgspec.Struct):
    core_project_num: str | None = None
    pm_id: int | str | None = None
    pmc_id: int | str | None = None
    pub_title: str | None = None
    journal_title: str | None = None


class _Publications(msgspec.Struct):
    results: list[_Listed]


def parse_award(funding: PlanAward) -> NihAward | None:
    """Return the NIH award that a plan names; None when it has another funder or no award id."""
    if not funding.award_id or not _is_nih(funding):
        return None
    return parse_nih(funding.award_id)


def fetch_award(award: NihAward, http: Http, apis: EnrichSettings) -> AwardAnswer | None:
    """Ask for the publications of the award's project; None when NIH does not know the award."""
    application = _application(award, http, apis)
    if application is None:
        return None
    # The list is the same for every application of a project.
    url = f"{apis.nih_reporter_url.rstrip('/')}/services/Projects/Publications"
    listed = http.get(url, {"projectId": application.appl_id}, _Publications, LIST_IS_FRESH).results
    core = next((item.core_project_num for item in listed if item.core_project_num), None)
    publications = tuple(dict.fromkeys(_publication(item) for item in listed))
    return AwardAnswer(core or award.core, PAGE.format(application.appl_id), publications)


def _application(award: NihAward, http: Http, apis: EnrichSettings) -> _Application | None:
    url = f"{apis.nih_reporter_api_url.rstrip('/')}/v2/projects/search"
    for criteria in _search_criteria(award):
        body = {"criteria": criteria, "include_fields": ["ApplId", "ProjectNum"], "limit": _MAX_RESULTS}
        applications = http.post(url, body, _Applications, LIST_IS_FRESH).results
        if applications:
            return max(
                applications, key=lambda application: (application.project_num == award.award_id, application.appl_id)
            )
    return None


def _search_criteria(award: NihAward) -> list[dict[str, object]]:
    """Return what to search for: the application that the plan names, then any of its project.

    A plan may name an application that was refused, of which RePORTER knows nothing.
    """
    parts = {"activity_code": award.activity, "ic_code": award.institute, "serial_num": award.serial}
    project: dict[str, object] = {"project_num_split": {name: part for name, part in parts.items() if part}}
    if award.activity and award.year:
        return [{"project_nums": [award.award_id]}, project]
    return [project]


def _publication(item: _Listed) -> Publication:
    pmid, pmcid = _number(item.pm_id), _number(item.pmc_id)
    return Publication(title=plain_text(item.pub_title), journal=plain_text(item.journal_title), pmid=pmid, pmcid=pmcid)


def _number(value: int | str | None) -> str | None:
    digits = re.sub(r"\D", "", str(value or ""))
    return digits.lstrip("0") or None


def _is_nih(funding: PlanAward) -> bool:
    name = folded(funding.funder_name or "")
    if _INSTITUTES.fullmatch(name) or funding.funder_ror == ROR:
        return True
    return not funding.funder_ror and NAMES.fullmatch(name) is not None
