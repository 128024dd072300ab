"""Which words behind a name are degrees, licences and honours: "Jane Roe, MBBS", "Jane Roe MS RN", "Roe, Jane, Ph.D.".

No list holds them all, so the form decides, and how surely what stands before is a whole name:

- capitals and small letters mixed, ending in a capital ("ScD", "DrPH"), or three capitals or more without a vowel
  ("MBBS", "FRCPC"): nobody's initials;
- a known degree of three letters or more, or one of two without a vowel ("MS", "RN"), behind two words or more;
- any capitals, with or without full stops ("MA", "M.S.", "ACA"), where the name before begins with a common given name,
  has an initial in its middle, or a title: "García López, M.A." are two surnames and initials, "Jane Roe, M.A." not.

Written in small letters ("Andrew Ma") a word is a name, whatever degree has its letters.
"""

import re
from collections.abc import Sequence

from dmpworks.cleaners import name_vocabulary as words
from dmpworks.cleaners.text import folded

DEGREES = frozenset(
    """
    MD MS MA BA BS AB RN JD DO PT RD NP PA DC DPT DMD DDS DVM VMD PHD DPHIL SCD DSC EDD PSYD PHARMD DRPH DPH DBA DMA DNP
    MBBS MBCHB BMBS BCHIR MCHIR MPH MPHIL MRES MSC MENG MBA MED MFA MHA MHS MPA MPP MLS MLIS MSPH MSCE MSW MSN BSN BSC
    BENG BED LLB LLM LLD ACA FCA CPA CFA FAAN FAAP FACC FACS FACP FACEP FAHA FASN FRCP FRCPC FRCS FRS FRSE FMEDSCI FIDSA
    FCCP FCCM FESC FNP CNM CRNA CCRN RDN LCSW LPC CHES PMP HABIL
    """.split()
)
# "ScD", "DrPH"; "CSc"; "DVetMed": two capitals at the beginning, as no name has ("JoAnn", "McLeod").
_MIXED = re.compile(r"(?=.{2,7}$)[A-Z][A-Za-z]*[a-z][A-Z]+|[A-Z]{2,3}[a-z]{1,2}|[A-Z]{2}[a-z]+[A-Z][a-z]+")
_DOTTED = re.compile(r"(?:[A-Z][a-z]{0,4}\.){1,3}[A-Z][a-z]{0,4}\.?")  # "S.Kom.", "Ph.D.", "M.Sc": not "J.M."
_CAPITALS = re.compile(r"[A-Z]{2,6}")
_VOWELS = frozenset("AEIOU")


def are_degrees(text: str, name: str) -> bool:
    """Return whether all words behind a comma are degrees or suffixes, as the name before it lets them be."""
    before = name.split()
    return all(words.is_suffix(token) or is_degree(token, before) for token in text.split())


def without_degrees(tokens: list[str]) -> list[str]:
    """Return the words of a name without the degrees at its end; a surname of its letters stays."""
    end = len(tokens)
    while end > 2 and (words.is_suffix(tokens[end - 1]) or is_degree(tokens[end - 1], tokens[: end - 1], comma=False)):
        end -= 1
    return tokens[:end]


def is_degree(token: str, before: Sequence[str], *, comma: bool = True) -> bool:
    """Return whether a word is a degree, given the words before it: behind a comma, or in a row with them."""
    letters = token.replace(".", "").strip("()")
    if not letters.isascii() or not letters.isalpha() or " ".join(before).isupper():
        return False
    if _MIXED.fullmatch(letters):
        return True
    if not _is_whole(before):
        return False
    if _DOTTED.fullmatch(token) and not letters.isupper():
        return True
    if not _CAPITALS.fullmatch(letters):
        return False
    if _begins_with_given_name(before):
        return comma or (letters in DEGREES and letters not in words.SHORT_SURNAMES)
    vowels = not _VOWELS.isdisjoint(letters)
    if "." in token or not comma:
        return letters in DEGREES and len(letters) > 2
    return (len(letters) > 2 and not vowels) or (letters in DEGREES and (len(letters) > 2 or not vowels))


def _is_whole(before: Sequence[str]) -> bool:
    """Return whether words are a name with given name and surname, not a surname of several words."""
    names = [word for word in before if not words.is_initials(word, capitals_count=True)]
    return len(before) > 1 and bool(names) and before[0].lower() not in words.PARTICLES


def _begins_with_given_name(before: Sequence[str]) -> bool:
    first = folded(before[0])
    return (
        first in words.GIVEN_NAMES
        or words.is_title(before[0])
        or any(words.is_initials(word, capitals_count=False) for word in before[:-1])
    )
