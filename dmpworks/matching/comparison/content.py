"""How similar a work is to a plan in content: one number from 0 to 1, the same on every engine, and highlights.

A term counts by its rarity among all works, so that a project's own names and topics decide and "results" does not.
"""

import html
import math
import re
from collections.abc import Mapping

import msgspec

from dmpworks.matching.matches import ContentMatch
from dmpworks.matching.records import Plan, Work
from dmpworks.matching.terms import stem, terms
from dmpworks.matching.tokens import tokenize

MOST_HIGHLIGHTS = 3  # sentences of an abstract that are shown
LEAST_RARITY = 0.2  # of a highlighted word: half of all abstracts contain the rest
_WORDS = re.compile(r"[^\W_]+(?:['’‘ʼ][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=\S)")


class Statistics(msgspec.Struct, frozen=True):
    """How many works there are, and in how many of them a field holds a term: `frequencies[field][term]`."""

    works: int
    frequencies: Mapping[str, Mapping[str, int]] = {}

    def rarity(self, field: str, term: str) -> float:
        """Return how rare a term is: 1 in a single work, falling with the logarithm to 0 in every work."""
        frequency = max(self.frequencies.get(field, {}).get(term, 0), 1)
        works = max(self.works, 2)
        return max(0.0, math.log((works + 1) / (frequency + 0.5)) / math.log((works + 1) / 1.5))


class Topic(msgspec.Struct, frozen=True):
    """The terms of a plan with their rarity."""

    rarity: Mapping[str, float]

    @property
    def weight(self) -> float:
        """Return the squared length of the plan's vector."""
        return sum(rarity**2 for rarity in self.rarity.values())


def plan_terms(plan: Plan) -> tuple[str, ...]:
    """Return the distinct terms of a plan's title and abstract."""
    return terms([plan.title, plan.abstract_text])


def topic_of(plan: Plan, statistics: Statistics) -> Topic:
    """Return the terms of a plan, weighted by their rarity among all works."""
    return Topic({term: statistics.rarity("content", term) for term in plan_terms(plan)})


def similarity(topic: Topic, work: Work) -> float:
    """Return the cosine between plan and work, from 0 to 1.

    The rarity of the work's other terms is not known (asking for it would cost more than the search): each is taken
    to be as rare as the plan's terms are on average.
    """
    theirs = terms([work.title, work.abstract_text])
    known = [rarity for term in theirs if (rarity := topic.rarity.get(term)) is not None]
    shared = sum(rarity**2 for rarity in known)
    if not shared:
        return 0.0
    weight = topic.weight
    length = shared + (len(theirs) - len(known)) * weight / len(topic.rarity)
    return round(shared / math.sqrt(weight * length), 6)


def highlight(topic: Topic, work: Work, score: float) -> ContentMatch:
    """Return the shared terms marked in the title and the sentences richest in them, as HTML with `<mark>`."""
    distinctive = {term: rarity for term, rarity in topic.rarity.items() if rarity >= LEAST_RARITY}
    title, weight = _mark_terms(work.title or "", distinctive)
    return ContentMatch(score, title if weight else None, _sentences(work.abstract_text or "", distinctive))


def _sentences(text: str, distinctive: Mapping[str, float]) -> tuple[str, ...]:
    """Return the marked sentences with the rarest shared terms, in the order of the text."""
    marked = [_mark_terms(sentence, distinctive) for sentence in _SENTENCE_END.split(text)]
    best = sorted((place for place, (_, weight) in enumerate(marked) if weight), key=lambda place: -marked[place][1])
    return tuple(marked[place][0] for place in sorted(best[:MOST_HIGHLIGHTS]))


def _mark_terms(text: str, distinctive: Mapping[str, float]) -> tuple[str, float]:
    """Return the text as HTML with its distinctive words marked, and the sum of their rarities."""
    pieces: list[str] = []
    marked: dict[str, float] = {}
    end = 0
    for word in _WORDS.finditer(text):
        known = {term: distinctive[term] for token in tokenize(word[0]) if (term := stem(token)) in distinctive}
        if known:
            pieces += [html.escape(text[end : word.start()], quote=False), f"<mark>{word[0]}</mark>"]
            end = word.end()
            marked |= known
    pieces.append(html.escape(text[end:], quote=False))
    return "".join(pieces), sum(marked.values())
