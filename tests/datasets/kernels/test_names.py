from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dmpworks.cleaners import name_vocabulary as name_words
from dmpworks.cleaners import names
from dmpworks.datasets.kernels import names as kernel
from dmpworks.datasets.kernels.strings import texts
from tests.cleaners.test_names import NAMES
from tests.cleaners.test_organisations import ORGANISATIONS, PERSONS
from tests.datasets.kernels.samples import anything, thorough

WORDS = [
    "Smith", "Anna", "J.", "J", "O'Brien", "O’Neil", "Jean-Pierre", "Qing‐Long", "McDonald", "MacAb", "D'Arc", "D'A",
    "DeSilva",
    "José", "Ünal", "İnan", "Łukasz", "Đorđe", "Straße", "Ó", "É.", "Li", "Xu", "XU", "JA", "J.-P.", "J.K.", "SMITH",
    "smith",
    "y", "Y", "&", "and", "(Jim)", "“Jim”", "1", "2021", "3rd",
    "Doe1,2", "Doe*", "Doe¹", ",", ";", "Smith,", "Jr.,", "王", "小明", "김철수",
    "Иванов", "Иванович", "Петровна", "Ivanov", "Petrovich", "Petrovna", "Ilyinichna", "Vich", "Krishna", "Al-Said",
    "St.", "No", "A", "E", "Dr", "Dr.", "med.", "x@y.org", "www.x", "Ann-", "-Ann", "'t", "Nguyễn", "Văn", "Thị",
    "ﬁ", "ǅ", "a.", "Ab.",
]  # fmt: skip
special = [
    shape(word)
    for entries in (
        name_words.TITLES, name_words.SUFFIXES, name_words.PARTICLES, name_words.CAPITAL_PARTICLES,
        name_words.GENERATIONS,
        name_words.NOBODY, name_words.VIETNAMESE_SURNAMES, name_words.VIETNAMESE_MIDDLE, name_words.SHORT_SURNAMES,
        name_words.ACRONYMS, name_words.ORGANISATION, name_words.MOSTLY_ORGANISATION, name_words.PERHAPS_ORGANISATION,
        name_words.BESIDE_ORGANISATION, name_words.GIVEN_NAMES,
    )
    for word in sorted(entries)
    for shape in (str, str.title)
]  # fmt: skip
usual = st.from_regex(r"[A-ZÉÅ][a-zéøß]{1,7}", fullmatch=True)
stated = st.lists(st.sampled_from(WORDS) | st.sampled_from(special) | usual, min_size=1, max_size=5).map(" ".join)
commas = st.tuples(stated, stated).map(", ".join)


def check(values: list[str | None]) -> None:
    full = pa.array(values, pa.string())
    orcids = [None if place % 2 else f"0000-0000-0000-{place % 10_000:04}" for place in range(len(values))]

    def exact(places: pa.Array) -> list[names.Person | None]:
        return [names.parse(values[place], orcid=orcids[place]) for place in places.to_pylist()]

    columns, named = kernel.people(full, pa.array(orcids, pa.string()), exact)
    made: list[Any] = list(zip(*map(texts, columns), strict=True))
    for value, orcid, one, is_name in zip(values, orcids, made, named, strict=True):
        expected = names.parse(value, orcid=orcid)
        assert is_name == (expected is not None), value
        if expected:
            assert names.Person(*one) == expected


@thorough
@given(st.lists(st.none() | stated | commas | anything, max_size=20))
def test_equals_the_parts_of_each_name(values: list[str | None]) -> None:
    check(values)


def test_every_word_that_the_rules_know_at_every_place() -> None:
    check([
        name
        for word in special
        for name in (
            word, f"{word} Doe", f"Jane {word}", f"Jane {word} Doe", f"{word} Jane Doe", f"Jane Doe {word}",
            f"{word}, Jane", f"Doe, {word}", f"Doe {word}, Jane", f"Doe, Jane {word}", f"Jane-{word} Doe",
            f"Jane O'{word}",
        )
    ])  # fmt: skip


def test_the_names_whose_parts_are_known() -> None:
    check([*NAMES, *ORGANISATIONS, *PERSONS])


def test_usual_names_are_left_to_the_loop() -> None:
    usual = [
        "Maria Praetzellis",
        "Patrick L. Collins",
        "Robinson, Erin",
        "Christophe Copéret",
        "J. K. O’Brien-Smith",
    ] * 2

    def none(places: pa.Array) -> list[names.Person | None]:
        raise AssertionError(places)

    columns, named = kernel.people(pa.array(usual), pa.nulls(len(usual), pa.string()), none)
    assert named.all()
    assert columns[-2].to_pylist()[:5] == ["Praetzellis", "Collins", "Robinson", "Copéret", "O’Brien-Smith"]
