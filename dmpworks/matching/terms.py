"""The distinct terms of titles and abstracts: their words, folded, without function words and plurals."""

from collections.abc import Iterable

from dmpworks.matching.tokens import tokenize

_SHORTEST = 2
NO_TERM = ""  # of a word that is none
MOST_WORDS = 500_000  # kept at a time, some 60 MB
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
    """Return the distinct terms of the texts, in order of appearance."""
    words = (word for text in texts for word in tokenize(text))
    distinct = dict.fromkeys(map(_TERMS.__getitem__, words))
    distinct.pop(NO_TERM, None)
    return tuple(distinct)


class _Terms(dict[str, str]):
    """The term of each word seen so far: the words of a language recur in every abstract."""

    def __missing__(self, word: str) -> str:
        if len(self) >= MOST_WORDS:
            self.clear()
        term = self[word] = stem(word) if is_term(word) else NO_TERM
        return term


_TERMS = _Terms()


def is_term(word: str) -> bool:
    """Return whether a folded word is a term; function words and bare small numbers are not."""
    return len(word) >= _SHORTEST and word not in STOP_WORDS and not (word.isdigit() and len(word) <= 4)


def stem(word: str) -> str:
    """Return the word without an English plural (Harman's "S" stemmer): a stronger one would merge different terms."""
    if len(word) <= _STEM or not word.endswith("s"):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    return word if word.endswith(("us", "ss", "is")) else word[:-1]
