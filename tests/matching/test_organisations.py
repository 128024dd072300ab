"""Whether two names, or ids, mean the same organisation."""

import pytest

from dmpworks.matching.comparison.organisations import phrases, same_name, same_organisation
from dmpworks.matching.tokens import in_order

SAME = [
    ("University of Alham", "UNIVERSITY OF ALHAM"),
    ("The Milldale Institute of Technology", "Milldale Institute of Technology"),
    ("Corswick Metropolitan University, Corswick", "Corswick Metropolitan University"),
    (
        "Quinport Institute of Technology",
        "Department of Genetics, Quinport Institute of Technology, Quinport, United States",
    ),
    (
        "Brimhaven Institute of Technology, Brimhaven, United States",
        "Dept. of Physics, Brimhaven Institute of Technology",
    ),
    ("Universität Schönmünde", "Universitat Schonmunde, Schönmünde"),
    ("University of Tallia, Aldbury", "University of Tallia Aldbury"),
    ("U.S. National Institutes of Health", "National Institutes of Health"),
    ("United States Department of Energy", "US Department of Energy"),
    ("National Science Foundation (NSF)", "National Science Foundation"),
    ("NSF", "National Science Foundation"),
    ("NIH", "National Institutes of Health"),
    ("US NSF", "National Science Foundation"),
    ("UPC", "Universitat Politècnica de Catalunya"),
    ("Universidad de Cuenrada", "Universidad Cuenrada, Universidad de Cuenrada"),
]

OTHERS = [
    ("University of Alham", "University of Alhambra"),
    ("University of Alham", "Alham Medical Center"),
    ("Hexstead University", "Corswick University"),
    ("Department of Physics, University of Alham", "Department of Physics, Hexstead College"),
    ("University of Alham, United States", "Hexstead College, United States"),
    ("National Science Foundation", "National Natural Science Foundation of China"),
    ("National Science Foundation", "Swiss National Science Foundation"),
    ("Medical Research Council", "National Health and Medical Research Council"),
    ("National Science Foundation", "Science Foundation"),
    ("University", "University of Alham"),
    ("Alham", "University of Alham"),
    ("MRC", "NSF"),
    ("UK", "University of Kent"),
    ("", "University of Alham"),
    ("?", "!"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_organisation(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_organisation(one: str, other: str) -> None:
    assert not same_name(one, other)
    assert not same_name(other, one)


def test_the_query_phrase_is_part_of_the_longer_forms() -> None:
    phrase = min(phrases("Brimhaven Institute of Technology, Brimhaven, United States"), key=len)
    assert phrase == ("brimhaven", "institute", "of", "technology")
    assert in_order(phrase, ("dept", "of", "physics", "brimhaven", "institute", "of", "technology", "usa"))


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (("University of Alham", "0arb7sd45"), ("Alham U", "0arb7sd45"), (1.0, "ror")),
        (("University of Alham", "0arb7sd45"), ("University of Alham", None), (0.8, "name")),
        (("University of Alham", None), ("University of Alham", "0arb7sd45"), (0.8, "name")),
        (("University of Alham", "0arb7sd45"), ("University of Alham", "0fp6x9762"), None),  # another of that name
        ((None, "0arb7sd45"), ("University of Alham", None), None),
        ((None, None), (None, None), None),
    ],
)
def test_ids_decide_before_names(ours: tuple, theirs: tuple, found: tuple | None) -> None:
    assert same_organisation(*ours, *theirs) == found
