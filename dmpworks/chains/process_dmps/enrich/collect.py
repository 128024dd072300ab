"""Ask the funders for every award of all plans, once each, and add the answers to the plans."""

from collections.abc import Collection, Iterable, Sequence
from types import ModuleType

import msgspec

from dmpworks.chains.process_dmps.enrich import nih, nsf, pubmed, titles
from dmpworks.chains.process_dmps.enrich.publications import AwardAnswer, Publication
from dmpworks.chains.process_dmps.plan_files import read_plans, write_plans
from dmpworks.chains.process_dmps.settings import EnrichSettings
from dmpworks.errors import DmpworksError, JobError, SettingsError, TemporaryError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.comparison.awards import NihAward, NsfAward
from dmpworks.matching.records import FundedDoi, Plan, PlanAward
from dmpworks.services.http import AnswerCache, Http

Award = NsfAward | NihAward
FUNDERS: dict[str, ModuleType] = {"nsf": nsf, "nih": nih}
CACHE = "process-dmps/cache/enrich"  # beside the runs: answers serve later runs as well
NOBODY = ("none",)  # an empty variable counts as not set, so asking nobody needs a word of its own


class Answers(msgspec.Struct):
    """What the APIs answered: by award, the DOI of each publication, and the awards that could not be asked for."""

    awards: dict[Award, AwardAnswer | None] = {}
    dois: dict[Publication, str | None] = {}
    failures: dict[Award, DmpworksError] = {}


def enrich_plans(run: Run, funders: Collection[str] | None, apis: EnrichSettings) -> Counts:
    """Write the plans of `sync-dmps` with their funded DOIs.

    Funders: names out of `FUNDERS`, or `NOBODY`; None asks all of them, but nobody with a folder as bucket.
    """
    if funders is None:
        funders = NOBODY if run.bucket.is_folder else tuple(FUNDERS)
    asked = () if tuple(funders) == NOBODY else funders
    http = Http(apis.contact_email, AnswerCache(run.bucket, CACHE))
    try:
        enriched, counts = enrich(read_plans(run.earlier("sync-dmps")), asked, http, apis)
    finally:
        http.close()
    write_plans(run, enriched)
    return counts


def enrich(
    read: Iterable[Plan], funders: Collection[str], http: Http, apis: EnrichSettings
) -> tuple[list[Plan], Counts]:
    """Add to each plan the DOIs that its funders list for its awards.

    Every award is asked for. If some could not be answered, raises JobError (or TemporaryError when another attempt may
    do) that names them; the other answers are in the cache of `http` by then, so another run asks for the rest.
    """
    plans = list(read)
    modules = [_module(funder) for funder in funders]
    answers = Answers()
    for award, module in _distinct_awards(plans, modules).items():
        _fetch(award, module, http, apis, answers)
    _find_dois(http, apis, answers)
    if answers.failures:
        raise _error(answers)
    enriched = [_enriched(plan, modules, answers) for plan in plans]
    return enriched, _counts(enriched, answers)


def _module(funder: str) -> ModuleType:
    if funder not in FUNDERS:
        raise SettingsError(
            f"{funder!r} is not a funder that can be asked",
            on="PROCESS_DMPS_ENRICH_FUNDERS",
            next=f"give some of: {', '.join(FUNDERS)}",
        )
    return FUNDERS[funder]


def _distinct_awards(plans: Sequence[Plan], modules: Sequence[ModuleType]) -> dict[Award, ModuleType]:
    return {award: module for plan in plans for entry in plan.awards for award, module in _parse_awards(entry, modules)}


def _parse_awards(entry: PlanAward, modules: Sequence[ModuleType]) -> list[tuple[Award, ModuleType]]:
    parsed = ((module.parse_award(entry), module) for module in modules)
    return [(award, module) for award, module in parsed if award]


def _fetch(award: Award, module: ModuleType, http: Http, apis: EnrichSettings, answers: Answers) -> None:
    try:
        answers.awards[award] = module.fetch_award(award, http, apis)
    except DmpworksError as error:
        answers.failures[award] = error


def _find_dois(http: Http, apis: EnrichSettings, answers: Answers) -> None:
    """Fill in the DOIs of all publications: as listed, by PubMed or PubMed Central id (in batches), by title."""
    publications = {item for answer in answers.awards.values() if answer for item in answer.publications}
    answers.dois = {item: item.doi for item in publications}
    errors: dict[Publication, DmpworksError] = {}
    for id_type in ("pmid", "pmcid"):
        missing = {item: id for item in publications if not answers.dois[item] and (id := getattr(item, id_type))}
        dois, failed = pubmed.dois_of(missing.values(), id_type, http, apis)
        answers.dois |= {item: dois[id] for item, id in missing.items() if id in dois}
        errors |= {item: failed[id] for item, id in missing.items() if id in failed}
    for item in sorted(publications - errors.keys(), key=lambda item: item.title or ""):
        if not answers.dois[item]:
            _find_by_title(item, http, apis, answers, errors)
    for award, answer in answers.awards.items():
        for item in answer.publications if answer else ():
            if item in errors and not answers.dois[item]:
                answers.failures.setdefault(award, errors[item])


def _find_by_title(
    item: Publication, http: Http, apis: EnrichSettings, answers: Answers, errors: dict[Publication, DmpworksError]
) -> None:
    try:
        answers.dois[item] = titles.doi_of(item, http, apis)
    except DmpworksError as error:
        errors[item] = error


def _enriched(plan: Plan, modules: Sequence[ModuleType], answers: Answers) -> Plan:
    funded: dict[FundedDoi, None] = dict.fromkeys(plan.funded_dois)
    for entry in plan.awards:
        for award, _ in _parse_awards(entry, modules):
            funded |= dict.fromkeys(_funded(entry, answers.awards.get(award), answers))
    return msgspec.structs.replace(plan, funded_dois=tuple(funded))


def _funded(entry: PlanAward, answer: AwardAnswer | None, answers: Answers) -> list[FundedDoi]:
    if answer is None:
        return []
    dois = {answers.dois[item] for item in answer.publications}
    return [FundedDoi(doi, entry.award_id, answer.award_id, answer.url) for doi in sorted(filter(None, dois))]


def _counts(plans: Sequence[Plan], answers: Answers) -> Counts:
    also = {
        "awards asked for": len(answers.awards),
        "awards the funder does not know": sum(answer is None for answer in answers.awards.values()),
        "publications listed": len(answers.dois),
        "publications without DOI": sum(doi is None for doi in answers.dois.values()),
        "plans with funded DOIs": sum(bool(plan.funded_dois) for plan in plans),
        "funded DOIs": len({funded.doi for plan in plans for funded in plan.funded_dois}),
    }
    return Counts(read=len(plans), written=len(plans), also=also)


def _error(answers: Answers) -> DmpworksError:
    """Return one error for all awards that failed; temporary only if each of them is."""
    lines = [f"{award.award_id}: {error.what}: {error.on}" for award, error in answers.failures.items()]
    temporary = all(isinstance(error, TemporaryError) for error in answers.failures.values())
    kind: type[DmpworksError] = TemporaryError if temporary else JobError
    return kind(
        f"{len(lines)} of {len(answers.awards.keys() | answers.failures.keys())} awards could not be asked for",
        on=first_few(lines),
        next="run enrich-dmps again (what was answered is kept), or leave a funder out of PROCESS_DMPS_ENRICH_FUNDERS",
    )
