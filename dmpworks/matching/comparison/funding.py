"""Whether an award that a work names is one of the plan's: the same id in any spelling, from the same funder."""

import re
from functools import lru_cache

from dmpworks.matching.comparison.agreement import Agreement
from dmpworks.matching.comparison.awards import same_award
from dmpworks.matching.comparison.organisations import same_name, same_organisation
from dmpworks.matching.records import Award, PlanAward, Work
from dmpworks.matching.tokens import tokenize_name

# What an award id is worth by what is known of its funder. The same number from another funder is the commonest wrong
# award match, so a stated other funder rules it out, and an id without a funder is weaker evidence than one with.
SAME_FUNDER = 1.0
FUNDER_ELSEWHERE = 0.9  # the work names the plan's funder, though not for this award
FUNDER_UNKNOWN = 0.8  # nothing speaks against it
OTHER_FUNDERS = 0.5  # the work names funders, the plan's is not among them

# The institutes and centers of the NIH by name; other agencies are called "National Institute of ..." as well.
NIH_PARTS = (
    r"(the )?(eunice kennedy shriver )?national (cancer institute|eye institute|heart lung and blood institute"
    r"|human genome research institute|library of medicine"
    r"|center (for|on) (advancing translational|complementary and|research resources|minority health)"
    r"|institute (on|of) (aging|alcohol abuse|allergy and infectious|arthritis|biomedical imaging|child health|deafness"
    r"|dental and|diabetes and|drug abuse|environmental health|general medical|mental health|minority health"
    r"|neurological disorders|nursing research))\b.*"
    r"|(john e )?fogarty international center.*|nih .*|n(ci|ei|hlbi|hgri|ia|iaaa|iaid|iams|ibib|ichd|idcd|idcr|iddk|ida"
    r"|iehs|igms|imh|imhd|inds|inr|lm|ccih|cats)"
)
# Funders whose awards are also reported under the names of their parts and programmes.
_PARTS = {
    "national institutes of health": NIH_PARTS,
    "national science foundation": r"directorate for .*|division of (?!(in|ex)tramural).*"
    r"|office of (advanced cyberinfrastructure|polar programs|integrative activities|international science)\b.*",
    "european commission": r"european (research council|union|research executive agency|innovation council)\b.*"
    r"|(erc|eu)|.*\bhorizon (2020|europe)\b.*|h2020.*|.*\bframework programme\b.*|.*\bmarie (sklodowska )?curie\b.*",
    "uk research and innovation": r"(arts and humanities|biotechnology and biological sciences|economic and social|"
    r"engineering and physical sciences|medical|natural environment) research council"
    r"|science and technology facilities council|innovate uk|(ah|bbs|es|eps|m|ne)rc|stfc",
}


def funding_agreement(plan_award: PlanAward, award: Award, work: Work) -> Agreement | None:
    """Return how surely an award of the work is the plan's; None when the ids differ or another funder gave it."""
    if not plan_award.award_id or not _same_id(plan_award, award, work):
        return None
    if not _comparable(plan_award, award):
        return Agreement(_by_the_works_funders(plan_award, work), ("awards.awardId",))
    by = same_funder(plan_award.funder_name, plan_award.funder_ror, award.funder_name, award.funder_ror)
    return Agreement(SAME_FUNDER, ("awards.awardId", f"awards.funder{by.capitalize()}")) if by else None


def _comparable(plan_award: PlanAward, award: Award) -> bool:
    """Return whether both name a funder in the same way: an id cannot be compared with a name."""
    by_ror = plan_award.funder_ror and award.funder_ror
    return bool(by_ror or (plan_award.funder_name and award.funder_name))


def same_funder(name: str | None, ror: str | None, other_name: str | None, other_ror: str | None) -> str | None:
    """Return by what ("ror" or "name") two funders are the same or one is part of the other; None otherwise."""
    agreement = same_organisation(name, ror, other_name, other_ror)
    if agreement:
        return agreement[1]
    return "name" if name and other_name and (_is_part(name, other_name) or _is_part(other_name, name)) else None


@lru_cache(maxsize=65_536)
def _is_part(part: str, whole: str) -> bool:
    """Return whether a funder's name is that of a part or programme of another funder."""
    text = " ".join(tokenize_name(part))
    return any(same_name(parent, whole) and re.fullmatch(parts, text) for parent, parts in _PARTS.items())


def _by_the_works_funders(plan_award: PlanAward, work: Work) -> float:
    """Return the strength of an award id without a funder, by the funders that the work names."""
    if not work.funders or not (plan_award.funder_name or plan_award.funder_ror):
        return FUNDER_UNKNOWN
    ours = plan_award.funder_name, plan_award.funder_ror
    elsewhere = any(same_funder(*ours, funder.name, funder.ror) for funder in work.funders)
    return FUNDER_ELSEWHERE if elsewhere else OTHER_FUNDERS


def _same_id(plan_award: PlanAward, award: Award, work: Work) -> bool:
    return same_award(plan_award.award_id or "", (plan_award.funder,), award.award_id, work.funders_of(award))
