"""How much of what a plan is about a work is about."""

import math

import pytest

from dmpworks.matching.comparison.content import Statistics, Topic, highlight, similarity, topic_of
from dmpworks.matching.terms import stem, terms


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("cells", "cell"),
        ("studies", "study"),
        ("diseases", "disease"),
        ("analysis", "analysis"),
        ("virus", "virus"),
        ("stress", "stress"),
        ("gas", "gas"),
        ("zr3ticsse5", "zr3ticsse5"),
    ],
)
def test_plurals(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed


def test_terms_are_distinct_and_no_function_words() -> None:
    result = terms(["The Cells of 12 cells", None, "A cell’s wall; p53, 2019, 101434070"])
    assert result == ("cell", "wall", "p53", "101434070")


def test_rarity_falls_from_one_to_zero() -> None:
    statistics = Statistics(1000, {"content": {"common": 1000, "rare": 1, "some": 30}})
    assert statistics.rarity("content", "rare") == statistics.rarity("content", "unheard of") == 1.0
    assert statistics.rarity("content", "some") == pytest.approx(math.log(1001 / 30.5) / math.log(1001 / 1.5))
    assert 0 <= statistics.rarity("content", "common") < 0.001
    assert 0 <= Statistics(0).rarity("content", "any") <= 1


def test_similarity_by_hand(work) -> None:
    topic = Topic({"xaz29": 1.0, "fear": 0.6, "project": 0.1})
    assert topic.weight == pytest.approx(1.37)
    # fear 0.36 shared; "mice" and "maze" unknown, each as 1.37 / 3
    theirs = work(title="Fear of mice", abstract_text="in a maze")
    expected = 0.36 / math.sqrt(1.37 * (0.36 + 2 * 1.37 / 3))
    assert similarity(topic, theirs) == pytest.approx(expected, abs=1e-6)


def test_similarity_is_between_zero_and_one(plan, work) -> None:
    ours = plan(title="Fear extinction", abstract_text="The auditory brainstem.")
    topic = topic_of(ours, Statistics(1000, {"content": {"fear": 10, "extinction": 20, "auditory": 3, "brainstem": 2}}))
    same = work(title="Fear extinction and the auditory brainstem")
    assert similarity(topic, same) == 1.0
    assert similarity(topic, work(title="Fear extinction")) < 1.0
    assert similarity(topic, work(title="Graphene")) == similarity(topic, work()) == 0.0
    assert similarity(Topic({}), same) == 0.0


def test_a_projects_own_name_says_more_than_a_common_word(work) -> None:
    topic = Topic({"xaz29": 1.0, "neuron": 0.3, "model": 0.1})
    assert similarity(topic, work(title="XAZ29 in mice")) > similarity(topic, work(title="Neurons in a model"))


def test_highlights_mark_distinctive_words_and_are_safe_html(work) -> None:
    topic = Topic({"neuron": 0.5, "dytb2": 1.0, "obrien": 0.4, "result": 0.1})
    theirs = work(
        title="DYTB2 & neurons: <i>results</i>",
        abstract_text=(
            "First sentence. Neurons fire. O’Brien agrees. DYTB2 shapes neurons if x < 3. Nothing here. A neuron."
        ),
    )
    shown = highlight(topic, theirs, 0.25)
    assert shown.score == 0.25
    assert shown.title_highlight == "<mark>DYTB2</mark> &amp; <mark>neurons</mark>: &lt;i&gt;results&lt;/i&gt;"
    assert shown.abstract_highlights == (
        "<mark>Neurons</mark> fire.",
        "<mark>DYTB2</mark> shapes <mark>neurons</mark> if x &lt; 3.",
        "A <mark>neuron</mark>.",
    )


def test_without_shared_terms_nothing_is_highlighted(work) -> None:
    shown = highlight(Topic({"graphene": 1.0}), work(title="Neurons", abstract_text="They fire."), 0.0)
    assert (shown.title_highlight, shown.abstract_highlights) == (None, ())
