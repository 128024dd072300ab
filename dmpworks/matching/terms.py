"""What a text is about, as distinct terms: the words of titles and abstracts, folded, without grammar and plural."""

from collections.abc import Iterable

from dmpworks.matching.tokens import cut

_SHORTEST = 2
_STEM = 3  # a plural is only cut off when this many letters remain

# English function words, and the words that every abstract and every data management plan is made of.
STOP_WORDS = frozenset(
    """
    a about above across after again against all also although am among an and another any are around as at be became
    because become been before being below between both but by can cannot could did do does doing done down due during
    each either et every few for from further had has have having he her here hers herself him himself his how however
    i if in into is it its itself just may me might more most much must my myself near nor not now of off often on once
    one only onto or other others our ours ourselves out over own per rather s same several shall she should since so
    some such t than that the their theirs them themselves then there therefore these they this those though through
    thus to together too toward towards two under until up upon us very via was we were what when where whether which
    while who whom whose why will with within without would yet you your yours
    """.split()
)


def terms(texts: Iterable[str | None]) -> tuple[str, ...]:
    """The distinct terms of the texts, in order of appearance."""
    found: dict[str, None] = {}
    for text in texts:
        for word in cut(text):
            if is_term(word):
                found[stem(word)] = None
    return tuple(found)


def is_term(word: str) -> bool:
    """Whether a folded word says anything about a topic; bare small numbers do not."""
    return len(word) >= _SHORTEST and word not in STOP_WORDS and not (word.isdigit() and len(word) <= 4)


def stem(word: str) -> str:
    """Take off an English plural and nothing more (Harman's "S" stemmer): more would join what differs."""
    if len(word) <= _STEM or not word.endswith("s"):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    return word if word.endswith(("us", "ss", "is")) else word[:-1]
