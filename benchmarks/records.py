"""Bench records: the real ones of tests/data/real, replicated with new ids, names, titles and vocabulary.

A real record becomes a `Template`: its JSON text cut at every token that is new in each copy. What stays is the
structure: field by field the same lengths, markup, escapes, capitals and particles. Equal tokens of a record are
replaced by equal ones, so that an award still finds its funder, and a title its words in the abstract's index.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.vocabulary import KEPT, Token, Vocabulary

REAL = Path(__file__).parent.parent / "tests/data/real"
SEED = 2026

# Where texts stand, by the last key of a path, or the last two.
WORDS = frozenset("title abstract description article-title unstructured journal-title subject".split())
NAMES = frozenset("author.display_name raw_author_name givenName familyName given family reference.author".split())
PARTIES = frozenset(
    """
    institutions.display_name source.display_name funders.display_name funder_display_name host_organization_name
    raw_affiliation_string raw_affiliation_strings affiliation.name publisher.name funder.name funderName
    """.split()
)
INDEX = "abstract_inverted_index"

_WORD = re.compile(r"<[^<>]*>|&#?\w+;|([A-Z]?[a-z]{3,}|[A-Z]{3,})(?![A-Za-z])")
_NAME = re.compile(r"[A-Z][a-z]+|[A-Z]{2,}")
_NUMBER = re.compile(
    r"(?P<id>\d{4}-\d{4}-\d{4}-\d{3}[\dX])|(?<=ror\.org/)(?P<ror>0[a-z0-9]{8})"
    r"|(?<=openalex\.org/[IFSP])(?P<party>\d+)|(?<=10\.13039/)(?P<fundref>\d+)|(?<=10\.)\d+|(?P<long>\d{3,})"
)
_DATE = re.compile(r"\d{4}(-\d\d)?(-\d\d)?([T ].*)?$")
_MARK = re.compile("~~([0-9]+)~~")


class Template:
    """A real record, cut at its tokens."""

    def __init__(self, line: str) -> None:
        self.tokens: list[Token] = []
        self._places: dict[Token, int] = {}
        self._compact = '": ' not in line[:40]
        self._ascii = line.isascii()
        parts = _MARK.split(self._text(self._marked(json.loads(line), ("", ""))))
        self._pieces, self._slots = parts, [int(slot) for slot in parts[1::2]]
        del self._places

    def _text(self, record: Any) -> str:
        separators = (",", ":") if self._compact else None
        return json.dumps(record, ensure_ascii=self._ascii, separators=separators)

    def copy(self, vocabulary: Vocabulary) -> str:
        """Return the JSON text of a new record of this structure."""
        new = vocabulary.replacements(self.tokens)
        pieces = self._pieces[:]
        pieces[1::2] = [new[slot] for slot in self._slots]
        return "".join(pieces)

    def _marked(self, value: Any, path: tuple[str, str]) -> Any:
        if isinstance(value, dict):
            if path[1] == INDEX:
                return {self._with_words(key): places for key, places in value.items()}
            return {key: self._marked(item, (path[1], key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._marked(item, path) for item in value]
        return self._marked_text(value, path) if isinstance(value, str) else value

    def _marked_text(self, text: str, path: tuple[str, str]) -> str:
        both = ".".join(path)
        if path[1] in WORDS or both == ".display_name":
            return self._with_words(text)
        if path[1] in NAMES or both in NAMES or both in ("creators.name", "contributors.name"):
            return _NAME.sub(lambda found: self._mark("word", found.group()), text)
        if path[1] in PARTIES or both in PARTIES:
            return self._with_words(text, "party")
        return text if _DATE.match(text) else _NUMBER.sub(self._marked_number, text)

    def _with_words(self, text: str, kind: str = "word") -> str:
        return _WORD.sub(lambda found: self._mark(kind, found.group()) if found.group(1) else found.group(), text)

    def _marked_number(self, found: re.Match[str]) -> str:
        if found.lastgroup is None:
            return found.group()
        return self._mark("id" if found.lastgroup in ("id", "long") else "party", found.group())

    def _mark(self, kind: str, text: str) -> str:
        if text.lower() in KEPT:
            return text
        token = Token(kind, text)
        place = self._places.setdefault(token, len(self.tokens))
        if place == len(self.tokens):
            self.tokens.append(token)
        return f"~~{place}~~"


def templates(dataset: str) -> list[Template]:
    """Return the templates of a dataset, one for each real record."""
    with gzip.open(REAL / f"{dataset}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
        return [Template(line) for line in lines]


def records(dataset: str, number: int, seed: int = SEED) -> Iterator[str]:
    """Yield the JSON texts of new records, the templates in random order."""
    known, random, vocabulary = templates(dataset), Random(seed), Vocabulary(seed)
    for _ in range(number):
        yield random.choice(known).copy(vocabulary)


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write gzip JSON Lines and return their size before compression."""
    size = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb", compresslevel=6) as file:
        for line in lines:
            size += file.write(line.encode() + b"\n")
    return size
