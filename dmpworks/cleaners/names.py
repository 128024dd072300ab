"""Splits author names of many cultures into their parts by rules.

Names arrive as "Given Middle Surname", "Surname, Given Middle", "SURNAME Given" or "Surname AB", with particles ("van
der Berg"), titles ("Dr."), suffixes ("Jr.") and in many scripts; sources may also state given and family name apart.
An ambiguous form is read as most names of that form are meant:

- without a comma the last word is the surname, or everything from the first particle on;
- words written in capitals beside others that are not are the surname ("John SMITH", "WANG Xiaoming");
- a patronymic at the end means that the surname comes first ("Павлов Иван Петрович");
- particles after the given name belong to the surname ("Beethoven, Ludwig van" is "van Beethoven");
- an initial, or an abbreviation such as "Yu.", is not a given name: it sets `first_initial` and `middle_initials`
  only;
- of several persons ("Smith, J.; Doe, A.", "Smith J, Doe A") only the first is used;
- names written entirely in capitals or small letters get the usual case, except in `full`, which stays as stated;
- Chinese, Japanese and Korean names get no initials; written without a space, only Korean ones are split.
"""

import re
import unicodedata
from functools import lru_cache

import msgspec

from dmpworks.cleaners import name_vocabulary as words
from dmpworks.cleaners.identifiers import orcid as clean_orcid
from dmpworks.cleaners.name_degrees import DEGREES, are_degrees, without_degrees
from dmpworks.cleaners.name_order import EAST_ASIAN, in_order
from dmpworks.cleaners.text import folded, plain_text


class Person(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An author: the parts of the name, and the name as stated; in JSON with camelCase keys."""

    orcid: str | None = None
    first_initial: str | None = None
    given_name: str | None = None
    middle_initials: str | None = None
    middle_names: str | None = None
    surname: str | None = None
    full: str | None = None


_SIGN = r"[\d*†‡§¶⁰¹²³⁴-⁹]"  # before what looks behind it: the other way round takes twice as long
_MARK = re.compile(rf"{_SIGN}(?<=[^\W\d_].){_SIGN}*(?:, ?{_SIGN}+)*(?!\w)")  # of footnotes: "Doe*", "Doe1,2"
_ASIDE = re.compile(rf"\([^)]*\)|\[[^\]]*\]|\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|{_MARK.pattern}|\d+$")
_OTHERS = re.compile(r"\s*;.*|\s+(?:and|&)\s.*|[\s,]+(?i:et\.?\s+al)\b.*")
_COMMAS = re.compile(r"\s*[,，、،]\s*")
_ABBREVIATION = re.compile(r"[^\W\d_]{2,3}\.")
_WORD = re.compile(r"[^\W\d_][^\W_]*")
LONGEST = 300  # characters; what is longer is no name


def parse(
    full: str | None, given: str | None = None, family: str | None = None, orcid: str | None = None
) -> Person | None:
    """Return the parts of a name; `given` and `family` take precedence over `full`. Return None if there is no name.

    The name of an organisation has no parts: only `full` is set.
    """
    identifier = clean_orcid(orcid)
    person = _parse(full, given, family, identified=identifier is not None)
    return msgspec.structs.replace(person, orcid=identifier) if person and identifier else person


@lru_cache(maxsize=1 << 15)  # the same people are repeated within a file
def _parse(full: str | None, given: str | None, family: str | None, identified: bool) -> Person | None:
    full, given, family = plain_text(full), plain_text(given), plain_text(family)
    stated = full or " ".join(part for part in (given, family) if part)
    if not _is_name(stated):
        return None
    if max(map(len, (stated, given or "", family or ""))) > LONGEST:
        return Person(full=stated)
    if full and not (given or family or identified) and is_organisation(full):
        return Person(full=full)
    if family and not given and full:
        given = _rest(full, family)
    if family and given:
        surname, givens = _surname(family), _words(given)
        initials_count = not given.isupper() or not family.isupper()
    else:
        surname, givens, initials_count = _cut(full or given or family or "")
    return _person(*_with_particles(surname, givens), initials_count, stated)


def is_organisation(name: str) -> bool:
    """Return whether a name is clearly that of an organisation, by its words; "George M. Church" is a person."""
    text = plain_text(name) or ""
    tokens = folded(text).split()
    if not words.ORGANISATION.isdisjoint(tokens) or words.has_organisation_part(text):
        return True
    if not words.HINTS.isdisjoint(tokens) and (decision := _by_ambiguous_words(text, tokens)) is not None:
        return decision
    if "," in text and len(tokens) <= 4:
        return False
    inner = text.split()[1:-1]
    return "of" in inner or "for" in inner or _holds_number(text, tokens) or words.is_acronym(text)


def _holds_number(text: str, tokens: list[str]) -> bool:
    return any(map(str.isdigit, tokens)) and any(map(str.isdigit, folded(_MARK.sub("", text)).split()))


def _by_ambiguous_words(text: str, tokens: list[str]) -> bool | None:
    """Decide by words that occur in the names of persons too; return None if they do not decide."""
    if _has_two_hints(text):
        return True
    perhaps = not words.PERHAPS_ORGANISATION.isdisjoint(tokens) and len(tokens) > 2
    if words.MOSTLY_ORGANISATION.isdisjoint(tokens) and (not perhaps or ("," in text and len(tokens) <= 4)):
        return None
    return not _has_form_of_person(text)


def _has_two_hints(text: str) -> bool:
    """Return whether two words together mean an organisation, each too weak alone: "Research Team", "MIT Press"."""
    tokens = text.split()
    hints = [token for token in tokens if folded(token) in words.HINTS]
    if hints and not " ".join(hints).isupper():  # else the capitals may mark a surname: "CHURCH, George"
        hints += [token for token in tokens if words.is_acronym_beside_words(token)]
    return len(hints) > 1


def _has_form_of_person(text: str) -> bool:
    """Return whether a name with a word that is also a surname has the form of a person's name.

    "Church, George", "George M. Church" (initials beside two words at most), "Frederick Edwin Church" (given names).
    """
    surname, comma, given = text.partition(",")
    tokens = text.replace(",", " ").split()
    names = [token for token in tokens if not words.is_initials(token, not text.isupper())]
    if len(names) < len(tokens) and len(names) < 3:
        return True
    if comma and (len(surname.split()) == 1 or folded(given).partition(" ")[0] in words.GIVEN_NAMES):
        return True
    return sum(word not in words.GIVEN_NAMES for word in folded(" ".join(names)).split()) < 2


def _is_name(text: str) -> bool:
    if not text or "@" in text or "://" in text or text.lower().startswith("www."):
        return False
    return any(map(str.isalpha, text)) and text.strip(" .,()[]").casefold() not in words.NOBODY


def _rest(full: str, family: str) -> str | None:
    if full.startswith(family):
        return full[len(family) :].strip(" ,") or None
    return full[: -len(family)].strip() or None if full.endswith(" " + family) else None


def _words(text: str) -> list[str]:
    """Return the words of a given name without titles and suffixes."""
    tokens = _without_titles(_ASIDE.sub(" ", text).replace("，", " ").replace(",", " ").split())
    while len(tokens) > 1 and not words.is_initials(tokens[0], True) and tokens[-1].replace(".", "") in DEGREES:
        tokens.pop()  # "Roe, Jane MS": middle initials that are a degree are rarer than degrees
    return _without_suffixes(tokens)


def _surname(text: str) -> str:
    tokens = _without_suffixes(_ASIDE.sub(" ", text).replace(",", " ").split()) or text.split()
    return " ".join(tokens)


def _without_titles(tokens: list[str]) -> list[str]:
    start = 0
    while start < len(tokens) - 1 and (words.is_title(tokens[start]) or (start and _is_of_title(tokens[start:]))):
        start += 1
    return tokens[start:]


def _is_of_title(tokens: list[str]) -> bool:
    # An abbreviation in small letters after a title belongs to it: "Dr. med.", "Dr. rer. nat.", "Dr. h. c.".
    return tokens[0].islower() and tokens[0].endswith(".") and not tokens[-1].islower()


def _without_suffixes(tokens: list[str]) -> list[str]:
    while len(tokens) > 1 and words.is_suffix(tokens[-1]):
        tokens = tokens[:-1]
    return tokens


def _cut(text: str) -> tuple[str, list[str], bool]:
    """Return surname, given names, and whether short words in capitals among these are initials."""
    first = _OTHERS.sub("", _ASIDE.sub(" ", text).strip(" ,，、،;"))
    parts = [part for part in _COMMAS.split(first) if part]
    while len(parts) > 1 and are_degrees(parts[-1], parts[0]):
        parts.pop()
    if not parts:
        return text, [], False
    if len(parts) == 1 or all(map(_ends_in_initials, parts)):
        tokens = [token for token in parts[0].split() if _WORD.search(token)]
        tokens = without_degrees(_without_titles(tokens or [parts[0]]))
        # "Pedro Júnior" has no other surname
        return in_order(tokens if len(tokens) == 2 and words.is_junior(tokens[1]) else _without_suffixes(tokens))
    if are_degrees(parts[1], parts[0]):
        del parts[1]
    return (
        _surname(" ".join(_without_titles(parts[0].split()))),
        _words(parts[1]),
        not parts[0].isupper() or len(parts[0]) < 3,
    )


def _ends_in_initials(part: str) -> bool:
    # Without full stops: "García M., Juan A." is one person with two surnames.
    tokens = part.split()
    return tokens[-1].isalpha() and words.is_initials(tokens[-1], True) and not words.is_initials(tokens[0], True)


def _with_particles(surname: str, givens: list[str]) -> tuple[str, list[str]]:
    """Return surname and given names, with particles after the given names before the surname."""
    end = len(givens)
    while end > 1 and givens[end - 1].islower() and givens[end - 1] in words.PARTICLES:
        end -= 1
    if " ".join(givens[:end]).islower():
        return surname, givens  # all in small letters: "le" may be a name
    return " ".join((*givens[end:], words.usual_case(surname))), givens[:end]


def _person(surname: str, givens: list[str], initials_count: bool, full: str) -> Person:
    surname = words.usual_case(surname)
    east_asian = bool(EAST_ASIAN.search(surname + "".join(givens)))
    initials: list[tuple[str, str | None]] = []
    for token in givens:
        if not east_asian and words.is_initials(token.rstrip("."), initials_count):
            initials += [(letter.upper(), None) for letter in token if letter.isalpha()]
        elif any(map(str.isalpha, token)):  # a numeral such as ½ or Ⅷ is a word character, but no letter
            name = None if _ABBREVIATION.fullmatch(token) else words.usual_case(token)
            initials.append((_initial(token), name))
    first, given_name = initials[0] if initials else (None, None)
    names = [name for _, name in initials[1:] if name]
    return Person(
        first_initial=None if east_asian else first,
        given_name=given_name,
        middle_initials=None if east_asian else "".join(letter for letter, _ in initials[1:]) or None,
        middle_names=" ".join(names) or None,
        surname=surname,
        full=full,
    )


def _initial(token: str) -> str:
    letter = next(letter for letter in token if letter.isalpha())
    return unicodedata.normalize("NFC", letter.upper())[0]
