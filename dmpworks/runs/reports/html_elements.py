"""HTML elements as values; their texts are escaped by the standard library when they are written."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | None) -> Element:
    """Return an element; `class_` means `class`, `aria_label` means `aria-label`; None is omitted."""
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    element = Element(name, given)
    for child in children:
        _add(element, child)
    return element


def write(element: Element) -> str:
    """Return an element as HTML."""
    return tostring(element, encoding="unicode", method="html")


def table(caption: str, columns: Iterable[Child], rows: Iterable[Iterable[Element]], **attributes: str) -> Element:
    """Return a table that scrolls horizontally if it is too wide; cells are `td` and `th` elements."""
    head = tag("thead", tag("tr", [tag("th", column, scope="col") for column in columns]))
    body = tag("tbody", [tag("tr", cells) for cells in rows])
    whole = tag("table", tag("caption", caption, class_="unseen"), head, body, **attributes)
    return tag("div", whole, class_="scroll", role="region", aria_label=caption, tabindex="0")


def _add(element: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, Element):
        element.append(child)
    elif isinstance(child, str):
        if len(element):
            element[-1].tail = (element[-1].tail or "") + child
        else:
            element.text = (element.text or "") + child
    else:
        for item in child:
            _add(element, item)
