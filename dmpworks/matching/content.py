"""How much of what a plan is about a work is about: one number from 0 to 1 on every engine, and highlights.

A term counts by its rarity among all works, so that a project's own names and topics decide and "results" does not.
"""

import html
import math
import re
from collections.abc import Mapping

import msgspec

from dmpworks.matching.evidence import ContentMatch
from dmpworks.matching.records import Plan, Work
from dmpworks.matching.terms import stem, terms
from dmpworks.matching.tokens import cut

MOST_HIGHLIGHTS = 3  # sentences of an abstract that are shown
LEAST_RARITY = 0.2  # of a word that is marked: half the abstracts hold the rest
_WORDS = re.compile(r"[^\W_]+(?:['’‘ʼ][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")


class Statistics(msgspec.Struct, frozen=True):
    """How many works there are, and in how many of them a field holds a term: `frequencies[field][term]`."""

    works: int
    frequencies: Mapping[str, Mapping[str, int]] = {}

    def rarity(self, field: str, term: str) -> float:
        """What it says that a work holds this term: 1 when no other does, falling with the logarithm to 0."""
        frequency = max(self.frequencies.get(field, {}).get(term, 0), 1)
        works = max(self.works, 2)
        return max(0.0, math.log((works + 1) / (frequency + 0.5)) / math.log((works + 1) / 1.5))


class Topic(msgspec.Struct, frozen=True):
    """What a plan is about: its terms with their rarity."""

    rarity: Mapping[str, float]

    @property
    def weight(self) -> float:
        """The squared length of the plan's vector."""
        return sum(rarity**2 for rarity in self.rarity.values())


def plan_terms(plan: Plan) -> tuple[str, ...]:
    """The terms of a plan's title and abstract."""
    return terms([plan.title, plan.abstract_text])


def topic_of(plan: Plan, statistics: Statistics) -> Topic:
    """Weigh the terms of a plan."""
    return Topic({term: statistics.rarity("content", term) for term in plan_terms(plan)})


def similarity(topic: Topic, work: Work) -> float:
    """The cosine between plan and work.

    The rarity of the work's other terms is not known (asking for it would cost more than the search): each is taken
    to be as rare as the plan's terms are on average.
    """
    theirs = terms([work.title, work.abstract_text])
    shared = sum(topic.rarity.get(term, 0.0) ** 2 for term in theirs)
    if not shared:
        return 0.0
    unknown = sum(term not in topic.rarity for term in theirs)
    length = shared + unknown * topic.weight / len(topic.rarity)
    return round(shared / math.sqrt(topic.weight * length), 6)


def highlighted(topic: Topic, work: Work, score: float) -> ContentMatch:
    """Show what plan and work have in common: the title and the most telling sentences, as HTML with `<mark>`."""
    telling = {term: rarity for term, rarity in topic.rarity.items() if rarity >= LEAST_RARITY}
    title, said = _marked(work.title or "", telling)
    return ContentMatch(score, title if said else None, _sentences(work.abstract_text or "", telling))


def _sentences(text: str, telling: Mapping[str, float]) -> tuple[str, ...]:
    """The sentences that say most, in the order of the text."""
    marked = [_marked(sentence, telling) for sentence in _SENTENCE_END.split(text)]
    best = sorted((place for place, (_, said) in enumerate(marked) if said), key=lambda place: -marked[place][1])
    return tuple(marked[place][0] for place in sorted(best[:MOST_HIGHLIGHTS]))


def _marked(text: str, telling: Mapping[str, float]) -> tuple[str, float]:
    """The text as HTML with its telling words marked, and how much these say."""
    pieces: list[str] = []
    found: dict[str, float] = {}
    end = 0
    for word in _WORDS.finditer(text):
        known = {term: telling[term] for token in cut(word[0]) if (term := stem(token)) in telling}
        if known:
            pieces += [html.escape(text[end : word.start()], quote=False), f"<mark>{word[0]}</mark>"]
            end = word.end()
            found |= known
    pieces.append(html.escape(text[end:], quote=False))
    return "".join(pieces), sum(found.values())
