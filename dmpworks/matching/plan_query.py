"""Build the query that a search engine receives for a plan.

The engine only has to return every possible output among its best candidates; evidence and ranking come afterwards.
Signals weigh as in `docs/explanation/matching.md`; names and terms count by their rarity, so that the
limit cuts off the namesakes of "Wang" first.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dmpworks.matching.comparison.awards import award_terms
from dmpworks.matching.comparison.content import Statistics, plan_terms
from dmpworks.matching.comparison.name_keys import bare_keys, has_given_name, member_keys, member_surnames
from dmpworks.matching.comparison.organisations import acronyms, phrases
from dmpworks.matching.evidence import published_between
from dmpworks.matching.query import Clause, Query, sixteenths
from dmpworks.matching.records import OUTPUT_MANAGEMENT_PLAN, Plan
from dmpworks.matching.tokens import SLOP

FUNDED_DOI, AWARD = 15.0, 10.0
RELATIONS = {"intra_work_doi": 10.0, "shared_project_doi": 5.0, "dataset_citation_doi": 2.5}
ORCID, SURNAME, INITIAL = 6.0, 2.0, 5.0  # a surname without its initial, only where one side gives no more
INSTITUTION_ROR, INSTITUTION_NAME = 2.0, 1.5
FUNDER_ROR, FUNDER_NAME = 1.5, 1.0
CONTENT = 8.0  # all content terms together
MOST_TERMS = 48  # content terms, the rarest first; the rest hardly discriminate
MOST_CLAUSES = 50  # of one field: OpenSearch takes 1024 in all, a word of a phrase counting as one
LONGEST_SLOPPY_PHRASE = 6  # words; longer names are searched exactly: the ways to spread gaps explode


def needed_frequencies(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Return the terms, by field, whose document frequencies the query needs."""
    return {
        "surname": _distinct(key for member in plan.authors for key in member_surnames(member)),
        "initial": _distinct(key for member in plan.authors for key in (*member_keys(member), *bare_keys(member))),
        "content": plan_terms(plan),
    }


def build_query(plan: Plan, statistics: Statistics, limit: int) -> Query | None:
    """Return the query for a plan; None when nothing in the plan could make a work a candidate."""
    strong = tuple(_merge_excess(_strong(plan, statistics)))
    if not strong:
        return None
    return _query(plan, strong, tuple(_merge_excess(_supporting(plan, statistics))), limit)


def build_similar_query(plan: Plan, statistics: Statistics, limit: int) -> Query | None:
    """Return the query for works with institution, funder and content of a plan; None when it lacks one of them."""
    institutions = tuple(_merge_excess(_institutions(plan)))
    funders = tuple(_merge_excess(_funders(plan)))
    if not (institutions and funders):
        return None
    return _query(plan, institutions, tuple(_content(plan, statistics)), limit, required=funders)


def _query(
    plan: Plan,
    strong: tuple[Clause, ...],
    supporting: tuple[Clause, ...],
    limit: int,
    required: tuple[Clause, ...] = (),
) -> Query:
    start, end = published_between(plan)
    return Query(
        strong=strong,
        required=required,
        supporting=supporting,
        published_from=start,
        published_to=end,
        excluded_types=(OUTPUT_MANAGEMENT_PLAN,),
        excluded_dois=_distinct((plan.doi, *plan.accepted_dois, *plan.rejected_dois)),
        limit=limit,
    )


def _merge_excess(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """Merge the excess clauses of one field (a plan may have hundreds of people) into one; drop excess phrases."""
    count: Counter[str] = Counter()
    excess: dict[str, list[Clause]] = {}
    for clause in clauses:
        count[clause.field] += 1
        if count[clause.field] <= MOST_CLAUSES:
            yield clause
        elif clause.terms:
            excess.setdefault(clause.field, []).append(clause)
    for field, several in excess.items():
        terms = _distinct(term for clause in several for term in clause.terms)
        yield Clause(field, min(clause.weight for clause in several), terms=terms)


def _strong(plan: Plan, statistics: Statistics) -> Iterator[Clause]:
    funded = _distinct(funded.doi for funded in plan.funded_dois)
    if funded:
        yield Clause("doi", FUNDED_DOI, terms=funded)
    for award_id in _distinct(award.award_id for award in plan.awards):
        funders = tuple(award.funder for award in plan.awards if award.award_id == award_id)
        if terms := award_terms(award_id, funders):
            yield Clause("award", AWARD, terms=terms)
    for member in plan.authors:
        if member.orcid:
            yield Clause("orcid", ORCID, terms=(member.orcid,))
        if has_given_name(member):
            yield from _any_of("initial", INITIAL, member_keys(member), statistics)
            yield from _any_of("initial", SURNAME, bare_keys(member), statistics)
        else:
            yield from _any_of("surname", SURNAME, member_surnames(member), statistics)
    if plan.accepted_dois:
        for field, weight in RELATIONS.items():
            yield Clause(field, weight, terms=_distinct(plan.accepted_dois))


def _any_of(field: str, weight: float, keys: Sequence[str], statistics: Statistics) -> Iterator[Clause]:
    """Yield a clause for any of the keys of one person, weighted by the rarity of the commonest."""
    if keys:
        yield Clause(field, sixteenths(weight * min(statistics.rarity(field, key) for key in keys)), terms=tuple(keys))


def _supporting(plan: Plan, statistics: Statistics) -> Iterator[Clause]:
    yield from _institutions(plan)
    yield from _funders(plan)
    yield from _content(plan, statistics)


def _institutions(plan: Plan) -> Iterator[Clause]:
    stated = [(institution.name, institution.ror) for institution in plan.institutions]
    return _organisations("institution", stated, INSTITUTION_ROR, INSTITUTION_NAME)


def _funders(plan: Plan) -> Iterator[Clause]:
    stated = [(award.funder_name, award.funder_ror) for award in plan.awards]
    return _organisations("funder", stated, FUNDER_ROR, FUNDER_NAME)


def _organisations(
    kind: str, stated: Sequence[tuple[str | None, str | None]], by_ror: float, by_name: float
) -> Iterator[Clause]:
    if rors := _distinct(ror for _, ror in stated):
        yield Clause(f"{kind}_ror", by_ror, terms=rors)
    for name in _distinct(name for name, _ in stated):
        # The shortest part that names the organisation is contained in every longer form of its name.
        words = min(phrases(name), key=len, default=())
        if words:
            slop = SLOP if 1 < len(words) <= LONGEST_SLOPPY_PHRASE else 0
            yield Clause(f"{kind}_name", by_name, terms=acronyms(words), phrase=words, slop=slop)


def _content(plan: Plan, statistics: Statistics) -> Iterator[Clause]:
    rarity: Mapping[str, float] = {term: statistics.rarity("content", term) ** 2 for term in plan_terms(plan)}
    rarest = sorted(rarity, key=lambda term: (-rarity[term], term))[:MOST_TERMS]
    whole = sum(rarity[term] for term in rarest)
    for term in rarest:
        if rarity[term]:
            yield Clause("content", sixteenths(CONTENT * rarity[term] / whole), terms=(term,))


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
