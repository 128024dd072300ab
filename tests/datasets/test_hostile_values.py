"""Titles, DOIs and names as repositories send them: what each dataset makes of the same value."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.datasets.hostile import CORPUS, DATACITE, LINES, OPENALEX, Kind, key, outcome

TITLES = {
    "A title": "A title",
    "<b>A</b> title &amp; more": "A title & more",
    "A <jats:italic>title</jats:italic>": "A title",
    "<jats:title>Abstract</jats:title>": None,
    "CO<sub>2</sub> in H<sub>2</sub>O": "CO2 in H2O",
    "<p>One</p><p>Two</p>": "One Two",
    "<br/>A<br>title": "A title",
    "<mml:math><mml:mi>x</mml:mi></mml:math> in A": "x in A",
    "<script>x()</script>A title": "A title",
    "<!-- no --> A title": "A title",
    "<![CDATA[A <b>title</b>]]>": "A title",
    "<i>": None,
    "p < 0.05 and q > 3": "p < 0.05 and q > 3",
    "a<b and c>d": "a<b and c>d",
    "A <unclosed title": "A <unclosed title",
    "&lt;i&gt;A&lt;/i&gt; title": "A title",
    "A &amp;amp; B": "A & B",
    "&#8220;A&#8221; &#x1F600;": "“A” 😀",
    "&nosuch; A": "&nosuch; A",
    "&nbsp;": None,
    "n/a": None,
    ":unav": None,
    " ": None,
    "A\u00a0title\u200b": "A title",
    "\ufeffA title": "A title",
    "A\ttitle\r\n two": "A title two",
    "e\u0301tude": "étude",
    "\ud800A title": "A title",
    "标题 и заголовок": "标题 и заголовок",
}
DOIS = {
    "10.5555/abc": "10.5555/abc",
    "https://doi.org/10.5555/ABC": "10.5555/abc",
    "http://dx.doi.org/10.5555/abc": "10.5555/abc",
    "doi:10.5555/abc": "10.5555/abc",
    "DOI: 10.5555/abc": "10.5555/abc",
    " 10.5555/abc ": "10.5555/abc",
    "see 10.5555/abc and 10.5555/def": "10.5555/abc",
    "10.5555/abc.": "10.5555/abc",
    "10.5555/abc,": "10.5555/abc",
    "10.5555/abc)": "10.5555/abc",
    "10.5555/abc]": "10.5555/abc",
    "10.5555/abc;": "10.5555/abc",
    '10.5555/abc"': "10.5555/abc",
    "10.5555/(abc)": "10.5555/(abc)",
    "10.1002/(SICI)1097(1998)17:15<1661::AID-1>3.0.CO;2-2": "10.1002/(sici)1097(1998)17:15<1661::aid-1>3.0.co;2-2",
    "10.5555.1/abc": "10.5555.1/abc",
    "10.5555/ÉTÉ": "10.5555/été",
    "10.5555/e\u0301": "10.5555/é",
    "10.5555/a\u200bb": "10.5555/ab",
    "10.5555/abc\u0000": "10.5555/abc",
    "10.5555/abc\ud800": "10.5555/abc",
    "１０.5555/abc": None,
    "11.5555/abc": None,
    "10.5555": None,
    "10.5555/": None,
    "doi": None,
    "": None,
}


def found(kind: Kind, records: list[dict[str, Any]], folder: Path, column: str) -> list[Any]:
    """Return a column of the rows of records that are all kept."""
    _, rows, aside = outcome(kind, [json.dumps(record).encode() for record in records], folder)
    assert (len(rows), aside) == (len(records), {})
    return [row[column] for row in rows]


@pytest.mark.parametrize("kind", LINES, ids=lambda kind: kind.name)
def test_titles(kind: Kind, tmp_path: Path) -> None:
    records = [kind.record(key(kind, number), title) for number, title in enumerate(TITLES)]
    assert dict(zip(TITLES, found(kind, records, tmp_path, kind.title), strict=True)) == TITLES


@pytest.mark.parametrize("kind", (*LINES, CORPUS), ids=lambda kind: kind.name)
def test_dois(kind: Kind, tmp_path: Path) -> None:
    good = [doi for doi, expected in DOIS.items() if expected]
    records = [kind.record(doi, "A title") for doi in good]
    (tmp_path / "good").mkdir()
    assert dict(zip(good, found(kind, records, tmp_path / "good", kind.key), strict=True)) == {
        doi: DOIS[doi] for doi in good
    }
    none = [kind.record(doi, "A title") for doi in (*DOIS.keys() - good, None, 5, 10.5, {"doi": "10.5555/x"}, [])]
    records = [*none, kind.record(good[0], "A title")]  # a transform that keeps nothing fails
    counts = outcome(kind, [json.dumps(record).encode() for record in records], tmp_path).counts
    assert (counts.read, counts.written, sum(counts.dropped.values())) == (len(none) + 1, 1, len(none))


# What a name is cut into: initial, given name, further initials, further names, surname; None where nobody is named.
NAMES: dict[Any, tuple[str | None, ...] | None] = {
    "Jane Mary Doe": ("J", "Jane", "M", "Mary", "Doe"),
    "Doe, Jane M.": ("J", "Jane", "M", None, "Doe"),
    "DOE, JANE": ("J", "Jane", None, None, "Doe"),
    "jane doe": ("J", "Jane", None, None, "Doe"),
    "Smith J": ("J", None, None, None, "Smith"),
    "J.R.R. Tolkien": ("J", None, "RR", None, "Tolkien"),
    "Müller, K.-H.": ("K", None, "H", None, "Müller"),
    "van der Berg, Jan": ("J", "Jan", None, None, "van der Berg"),
    "Jan van der Berg": ("J", "Jan", None, None, "van der Berg"),
    "de la Cruz, María José": ("M", "María", "J", "José", "de la Cruz"),
    "José Ortega y Gasset": ("J", "José", None, None, "Ortega y Gasset"),
    "Abd al-Rahman, Omar": ("O", "Omar", None, None, "Abd al-Rahman"),
    "O'Brien, Mary-Kate": ("M", "Mary-Kate", None, None, "O'Brien"),
    "Martin Luther King Jr.": ("M", "Martin", "L", "Luther", "King"),
    "Dr. Jane Doe": ("J", "Jane", None, None, "Doe"),
    "Doe, Jane, PhD": ("J", "Jane", None, None, "Doe"),
    "Jane Doe (ed.)": ("J", "Jane", None, None, "Doe"),
    "Sigurðardóttir, Jóhanna": ("J", "Jóhanna", None, None, "Sigurðardóttir"),
    "e\u0301mile Zola": ("É", "Émile", None, None, "Zola"),
    "Plato": (None, None, None, None, "Plato"),
    "Doe,": (None, None, None, None, "Doe"),
    "李小龙": (None, None, None, None, "李小龙"),
    "王, 小明": (None, "小明", None, None, "王"),
    "金正恩": (None, None, None, None, "金正恩"),
    "山田太郎": (None, None, None, None, "山田太郎"),
    "Иванов, Иван Иванович": ("И", "Иван", "И", "Иванович", "Иванов"),
    "Νίκος Καζαντζάκης": ("Ν", "Νίκος", None, None, "Καζαντζάκης"),
    "محمد عبد الله": ("م", "محمد", "ع", "عبد", "الله"),
    "דוד בן גוריון": ("ד", "דוד", None, None, "בן גוריון"),
    "अमिताभ बच्चन": ("अ", "अमिताभ", None, None, "बच्चन"),
    "<b>Jane</b> Doe": ("J", "Jane", None, None, "Doe"),
    "Jane  \u00a0Doe": ("J", "Jane", None, None, "Doe"),
    "Jane\ud800 Doe": ("J", "Jane", None, None, "Doe"),
    "n/a": None,
    " ": None,
    5: None,
    None: None,
}


@pytest.mark.parametrize("kind", [OPENALEX, DATACITE], ids=lambda kind: kind.name)
def test_names_of_many_cultures(kind: Kind, tmp_path: Path) -> None:
    records = []
    for number, name in enumerate(NAMES):
        record = kind.record(key(kind, number), "A title")
        if kind is OPENALEX:
            record["authorships"] = [{"author": {"display_name": name}}]
        else:
            record["attributes"]["creators"] = [{"name": name, "nameType": "Personal"}]
        records.append(record)
    cut = {}
    for name, people in zip(NAMES, found(kind, records, tmp_path, "authors"), strict=True):
        parts = [tuple(person.values())[1:6] for person in people]
        cut[name] = parts[0] if parts else None
    assert cut == NAMES
