"""What hypothesis makes texts of: all of Unicode, and the pieces that the rules of the cleaners turn upon."""

from collections.abc import Callable
from typing import Any

import numba  # noqa: F401  (loaded, so that few values take the compiled loops too)
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

# Compiling a loop takes seconds, the first time.
thorough = settings(deadline=None, max_examples=300)

ODD = (
    "<>&;]![CDATA/?pi=0 9\t\n.,:-–‐'’()\"@\u00a0\u00ad\u200b\u2028\u3000\ufeffé\u0301\u0327ßﬁİıKſøđŁÉǅ中文한\u1161"
    "\u0b3e\x85\x1c\x7fЖж\U0001f600Å\uac00\u11a8aeiouAEXYZ"
)
characters = st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"])
anything = st.text(characters, max_size=80)
MARKS = [
    "<p>", "</p>", "<b>bold</b>", "&amp;", "&lt;i&gt;", "&#233;", "& ", "< 0.05", "a<b", "<!-- x -->", "]]>",
    "<![CDATA[",
    "<script>", "AT&T", "<jats:p>", "x=1 & y", "&nbsp;", "n/a", "Abstract", "No abstract available.", ":unav", ".",
    "…",
    "word", "Title", "of", "e\u0301", "中文", "naïve", "a  b", "", " ", "Les données", "x" * 70, "“quoted”", "[[1]]",
]  # fmt: skip
marked = st.lists(st.sampled_from(MARKS) | anything, max_size=8).map(" ".join)
PARTS = [
    "<",
    "</",
    ">",
    "/>",
    " ",
    "=",
    '"',
    "/",
    "p",
    "b",
    "br",
    "script",
    "jats:",
    "mml:mi",
    "x",
    "a",
    "amp;",
    "&",
    "]",
    "]>",
    "é",
    "\u0338",
    "1",
    "_",
]
tags = st.lists(st.sampled_from(PARTS), max_size=14).map("".join)
known = st.tuples(
    st.sampled_from(["<", "</", " <"]),
    st.sampled_from(["p", "I", "jats:p", "br", "sub", "inline-formula", "x", "script", "a:b:sup", "h1"]),
    st.sampled_from(["", " ", "/", " /", ' class="x"', " x", ' href="a/b/c"', " = ", " //", "\u0338=1", "\t"]),
    st.sampled_from([">", "> ", ">word", ">&", "]]>"]),
).map("".join)
marked = st.lists(known | tags | st.sampled_from(MARKS), max_size=6).map("".join) | marked
texts = st.lists(st.none() | anything | marked, max_size=20)


def check(cleaned: Callable[[pa.Array], pa.Array], exact: Callable[[Any], Any], values: list[Any]) -> None:
    """Assert that a column is cleaned as its values are one by one, also as a slice of a larger column."""
    expected = [exact(value) for value in values]
    column = pa.array(values, pa.string())
    made = cleaned(column)
    made.validate(full=True)
    assert made.to_pylist() == expected
    surrounded = pa.array(["before", *values, "after"], pa.string()).slice(1, len(values))
    assert cleaned(surrounded).to_pylist() == expected
