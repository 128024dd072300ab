"""From the works that an engine returns to the ranked candidates of one plan, in three classes.

Direct candidates have strong evidence of their own. Related ones are fetched because a direct candidate is another
form, a part, or a source of them. Similar ones share institution, funder and content with the plan.
"""

from collections.abc import Iterable, Sequence

from dmpworks.matching.comparison.content import Topic
from dmpworks.matching.evidence import evidence, related_evidence, similar_evidence
from dmpworks.matching.matches import Match
from dmpworks.matching.ranking import rank
from dmpworks.matching.records import Plan, Work

MOST_ANCHORS = 20  # direct candidates, best first, whose relations are followed: a person rarely looks at more
MOST_RELATED = 100  # works fetched for a plan: a collection may have thousands of parts
SIMILAR_ASKED = 50  # works asked of the engine that share institution and funder, those of similar content first
MOST_SIMILAR = 10  # candidates without strong evidence that are kept, the most similar ones

RelatedDois = dict[str, tuple[str, ...]]


def direct_candidates(plan: Plan, works: Iterable[Work], topic: Topic) -> list[Match]:
    """Return the works that have strong evidence, with it."""
    return [match for work in works if (match := evidence(plan, work, topic))]


def related_dois(plan: Plan, direct: Sequence[Match]) -> RelatedDois:
    """Return the DOIs related to the best direct candidates and not among these, each with the candidates' DOIs."""
    known = {match.work.doi for match in direct}
    related: dict[str, list[str]] = {}
    for match in rank(plan, direct, MOST_ANCHORS):
        dois = match.work.relations.all_dois if match.evidence_class == "direct" else ()
        for doi in dois:
            if doi not in known:
                related.setdefault(doi, []).append(match.work.doi)
    return {doi: tuple(anchors) for doi, anchors in list(related.items())[:MOST_RELATED]}


def related_candidates(plan: Plan, works: Iterable[Work], topic: Topic, related: RelatedDois) -> list[Match]:
    """Return the works that were fetched for their relation to direct candidates, with their evidence."""
    matches = (related_evidence(plan, work, topic, related[work.doi]) for work in works)
    return [match for match in matches if match]


def similar_candidates(plan: Plan, works: Iterable[Work], topic: Topic, others: Iterable[Match]) -> list[Match]:
    """Return the works most similar to the plan that are no candidates otherwise."""
    known = {match.work.doi for match in others}
    judged = (similar_evidence(plan, work, topic) for work in works if work.doi not in known)
    matches = [match for match in judged if match]
    return sorted(matches, key=lambda match: (-match.content_match.score, match.work.doi))[:MOST_SIMILAR]
