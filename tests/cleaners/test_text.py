from datetime import UTC, date, datetime

import pytest

from dmpworks.cleaners import text


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("H<sub>2</sub>O in <i>E. coli</i>", "H2O in E. coli"),
        ("<jats:title>Background</jats:title><jats:p>We saw.</jats:p><jats:p>Then</jats:p>", "Background We saw. Then"),
        ("one<br/>two<br>three<hr />four", "one two three four"),
        ('<a href="x">y</a><img src="z"/>', "y"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math>2", "x2"),
        ("<foo>bar</foo>", "bar"),
        ("<!-- note -->x<script>alert(1)</script>", "x"),
    ],
)
def test_markup_is_removed_without_gluing_words(value: str, plain: str) -> None:
    assert text.plain_text(value) == plain


@pytest.mark.parametrize(
    "value",
    [
        "p < 0.05 and q > 3",
        "p <0.05 ... >",
        "a<b and c>d",
        "the mean <x> of",
        "List<String> in Java",
        "α<0.05",
        "AT&T, R&D",
    ],
)
def test_what_only_looks_like_markup_stays(value: str) -> None:
    assert text.plain_text(value) == value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("A &amp; B", "A & B"),
        ("&lt;i&gt;x&lt;/i&gt; &amp;lt; 3", "x < 3"),
        ("p &lt; 0.05 &gt;", "p < 0.05 >"),
        ("&nbsp;na&iuml;ve&nbsp;&#233;", "naïve é"),
    ],
)
def test_entities_are_decoded(value: str, plain: str) -> None:
    assert text.plain_text(value) == plain


@pytest.mark.parametrize(
    "value",
    [
        "", "  ", ".", "--", "n/a", "N/A", "NA", ":unav", "(:unav)", "Abstract", "ABSTRACT.", "No abstract available.",
        "[No title]", "<p></p>", "null", "No abstract is available for this article.", "…", None, True, float("nan"),
    ],
)  # fmt: skip
def test_a_text_that_says_nothing_is_none(value: str | float | None) -> None:
    assert text.plain_text(value) is None


@pytest.mark.parametrize("value", ["Abstract algebra", "Nana", "No abstract art in Berlin", "1984", "?!x"])
def test_a_text_that_begins_like_nothing_says_something(value: str) -> None:
    assert text.plain_text(value) == value


@pytest.mark.parametrize(("value", "plain"), [(1984, "1984"), (2020.0, "2020"), (1.5, "1.5")])
def test_numbers_become_text(value: float, plain: str) -> None:
    assert text.plain_text(value) == plain


def test_broken_characters_and_white_space_go() -> None:
    assert text.plain_text(" a\ud800b\x00c\u200b \n\t d\u00a0") == "a b c d"
    assert text.plain_text("&#xD800;x &#0;y").encode()  # type: ignore[union-attr]
    assert text.plain_text("e\u0301") == "é"


def test_an_abstract_is_laid_out_by_position_and_gaps_are_skipped() -> None:
    assert text.abstract_from_index({"was": [4], "It": [0], "cold": [9], "snow": [2, 7]}) == "It snow was snow cold"
    assert text.abstract_from_index({"No": [0], "abstract": [1], "available.": [2]}) is None
    assert text.abstract_from_index({}) is None


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2023-11-10", date(2023, 11, 10)),
        ("2023-11-10T23:30:00-08:00", date(2023, 11, 10)),
        (date(2023, 11, 10), date(2023, 11, 10)),
        (datetime(2023, 11, 10, 3, tzinfo=UTC), date(2023, 11, 10)),
        ("2023-02-30", None),
        ("2023-11", None),
        ("2023", None),
        (2023, None),
        ("n.d.", None),
        (None, None),
    ],
)
def test_dates(value: object, day: date | None) -> None:
    assert text.iso_date(value) == day


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2025-11-06T06:51:31.235Z", datetime(2025, 11, 6, 6, 51, 31, 235000, UTC)),
        ("2025-11-06T06:51:31+02:00", datetime(2025, 11, 6, 4, 51, 31, 0, UTC)),
        ("2025-11-06T06:51:31", datetime(2025, 11, 6, 6, 51, 31, 0, UTC)),
        ("2025-11-06", datetime(2025, 11, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_are_in_utc(value: object, moment: datetime | None) -> None:
    assert text.iso_datetime(value) == moment


def test_names_are_folded_for_comparing() -> None:
    assert (
        text.folded("Universität  Zürich, (UZH)") == text.folded("UNIVERSITAT ZURICH UZH") == "universitat zurich uzh"
    )


@pytest.mark.parametrize("opening", ["<!--", "<script>", "<style >"])
def test_megabytes_of_markup_that_is_never_closed_take_no_time(opening: str) -> None:
    assert text.plain_text("a" + opening * 200_000) is not None


def test_comments_and_scripts_go() -> None:
    assert text.plain_text("a <!-- b --> c <script type='x'>d</script > e <!-- f") == "a c e <!-- f"
