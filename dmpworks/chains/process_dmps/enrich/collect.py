"""Asks for every award of all plans once and brings the answers to the plans."""

from collections.abc import Collection, Iterable, Sequence
from types import ModuleType

import msgspec

from dmpworks.chains.process_dmps.enrich import nih, nsf, pubmed, titles
from dmpworks.chains.process_dmps.enrich.addresses import FUNDERS, Addresses
from dmpworks.chains.process_dmps.enrich.publications import AwardAnswer, Publication
from dmpworks.chains.process_dmps.plans import read_plans, write_plans
from dmpworks.errors import DmpworksError, JobError, SettingsError, TemporaryError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.awards import NihAward, NsfAward
from dmpworks.matching.records import FundedDoi, Plan, PlanAward
from dmpworks.services.http import AnswerCache, Http

Award = NsfAward | NihAward
_MODULES: dict[str, ModuleType] = {"nsf": nsf, "nih": nih}
CACHE = "process-dmps/cache/enrich"  # beside the runs: answers serve later runs as well
NOBODY = ("none",)  # an empty variable counts as not set, so that nobody is asked must be said in a word


class Asking(msgspec.Struct):
    """What was asked and learnt: answers by award, DOIs by publication, and the awards with a failure."""

    answers: dict[Award, AwardAnswer | None] = {}
    dois: dict[Publication, str | None] = {}
    failures: dict[Award, DmpworksError] = {}


def enrich_plans(run: Run, funders: Collection[str] | None, addresses: Addresses) -> Counts:
    """Write the plans of `sync-dmps` with their funded DOIs.

    Funders: names out of `FUNDERS`, or `NOBODY`; None asks all of them, but nobody with a folder as bucket.
    """
    if funders is None:
        funders = NOBODY if run.bucket.is_folder else FUNDERS
    asked = () if tuple(funders) == NOBODY else funders
    http = Http(addresses.contact_email, AnswerCache(run.bucket, CACHE))
    try:
        enriched, counts = enrich(read_plans(run.earlier("sync-dmps")), asked, http, addresses)
    finally:
        http.close()
    write_plans(run, enriched)
    return counts


def enrich(
    found: Iterable[Plan], funders: Collection[str], http: Http, addresses: Addresses
) -> tuple[list[Plan], Counts]:
    """Add to each plan the DOIs that its funders list for its awards.

    Every award is asked for. If some could not be answered, raises JobError (or TemporaryError when another attempt may
    do) that names them; the answers to the others lie in the cache of `http` by then, so another run asks for the rest.
    """
    plans = list(found)
    modules = [_module(funder) for funder in funders]
    asking = Asking()
    for award, module in _awards(plans, modules).items():
        _ask(award, module, http, addresses, asking)
    _find_dois(http, addresses, asking)
    if asking.failures:
        raise _failed(asking)
    enriched = [_enriched(plan, modules, asking) for plan in plans]
    return enriched, _counts(enriched, asking)


def _module(funder: str) -> ModuleType:
    if funder not in _MODULES:
        raise SettingsError(
            f"{funder!r} is no funder that can be asked",
            on="PROCESS_DMPS_ENRICH_FUNDERS",
            next=f"give some of: {', '.join(FUNDERS)}",
        )
    return _MODULES[funder]


def _awards(plans: Sequence[Plan], modules: Sequence[ModuleType]) -> dict[Award, ModuleType]:
    return {award: module for plan in plans for entry in plan.awards for award, module in _read(entry, modules)}


def _read(entry: PlanAward, modules: Sequence[ModuleType]) -> list[tuple[Award, ModuleType]]:
    found = ((module.award_of(entry), module) for module in modules)
    return [(award, module) for award, module in found if award]


def _ask(award: Award, module: ModuleType, http: Http, addresses: Addresses, asking: Asking) -> None:
    try:
        asking.answers[award] = module.ask(award, http, addresses)
    except DmpworksError as error:
        asking.failures[award] = error


def _find_dois(http: Http, addresses: Addresses, asking: Asking) -> None:
    """Fill in the DOIs of all publications: as listed, by PubMed or PubMed Central id (in batches), by title."""
    publications = {item for answer in asking.answers.values() if answer for item in answer.publications}
    asking.dois = {item: item.doi for item in publications}
    errors: dict[Publication, DmpworksError] = {}
    for id_type in ("pmid", "pmcid"):
        missing = {item: id for item in publications if not asking.dois[item] and (id := getattr(item, id_type))}
        found, failed = pubmed.dois_of(missing.values(), id_type, http, addresses)
        asking.dois |= {item: found[id] for item, id in missing.items() if id in found}
        errors |= {item: failed[id] for item, id in missing.items() if id in failed}
    for item in sorted(publications - errors.keys(), key=lambda item: item.title or ""):
        if not asking.dois[item]:
            _find_by_title(item, http, addresses, asking, errors)
    for award, answer in asking.answers.items():
        for item in answer.publications if answer else ():
            if item in errors and not asking.dois[item]:
                asking.failures.setdefault(award, errors[item])


def _find_by_title(
    item: Publication, http: Http, addresses: Addresses, asking: Asking, errors: dict[Publication, DmpworksError]
) -> None:
    try:
        asking.dois[item] = titles.doi_of(item, http, addresses)
    except DmpworksError as error:
        errors[item] = error


def _enriched(plan: Plan, modules: Sequence[ModuleType], asking: Asking) -> Plan:
    found: dict[FundedDoi, None] = dict.fromkeys(plan.funded_dois)
    for entry in plan.awards:
        for award, _ in _read(entry, modules):
            found |= dict.fromkeys(_funded(entry, asking.answers.get(award), asking))
    return msgspec.structs.replace(plan, funded_dois=tuple(found))


def _funded(entry: PlanAward, answer: AwardAnswer | None, asking: Asking) -> list[FundedDoi]:
    if answer is None:
        return []
    dois = {asking.dois[item] for item in answer.publications}
    return [FundedDoi(doi, entry.award_id, answer.award_id, answer.url) for doi in sorted(filter(None, dois))]


def _counts(plans: Sequence[Plan], asking: Asking) -> Counts:
    also = {
        "awards asked for": len(asking.answers),
        "awards the funder does not know": sum(answer is None for answer in asking.answers.values()),
        "publications listed": len(asking.dois),
        "publications without DOI": sum(doi is None for doi in asking.dois.values()),
        "plans with funded DOIs": sum(bool(plan.funded_dois) for plan in plans),
        "funded DOIs": len({funded.doi for plan in plans for funded in plan.funded_dois}),
    }
    return Counts(read=len(plans), written=len(plans), also=also)


def _failed(asking: Asking) -> DmpworksError:
    """One error for all awards that failed; worth another attempt only if each of them is."""
    lines = [f"{award.award_id}: {error.what}: {error.on}" for award, error in asking.failures.items()]
    temporary = all(isinstance(error, TemporaryError) for error in asking.failures.values())
    kind: type[DmpworksError] = TemporaryError if temporary else JobError
    return kind(
        f"{len(lines)} of {len(asking.answers.keys() | asking.failures.keys())} awards could not be asked for",
        on=first_few(lines),
        next="run enrich-dmps again (what was answered is kept), or leave a funder out of PROCESS_DMPS_ENRICH_FUNDERS",
    )
