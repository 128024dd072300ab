r"""Formulas in the markup of titles and abstracts: one form of each, as readable text.

Publishers give a formula several times over: as MathML with an annotation beside it, as a whole LaTeX document, as a
picture (JATS: https://jats.nlm.nih.gov/archiving/tag-library/1.3/element/alternatives.html). Only one may stay, or
`\documentclass ... \begin{document}` ends up in the abstract; MathML first, since its characters are text already.
"""

import re
from collections.abc import Callable

# Elements whose content is not the text of the document, or only another form of it.
TAGS = frozenset(("alternatives", "tex-math", "annotation", "annotation-xml"))


def _element(name: str) -> re.Pattern[str]:
    # What is never closed stays; matching it to the end keeps this from starting again at each of many openings.
    return re.compile(rf"<((?:[\w.-]+:)?{name})(?:\s[^<>]*)?(?:/>|>(.*?)(?:</\1\s*>|(\Z)))", re.DOTALL | re.IGNORECASE)


_ANNOTATION = _element("annotation(?:-xml)?")
_ALTERNATIVES = _element("alternatives")
_MATHML = _element("math")
_TEX_MATH = _element("tex-math")
_TEXTUAL = _element("textual-form")

_DOCUMENT = re.compile(r"\\begin\s*\{document\}(.*?)\\end\s*\{document\}", re.DOTALL)
_DELIMITERS = re.compile(r"\$\$?|\\[()\[\]]")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_SPACING = re.compile(r"\\[,;:!\s]|~")
_LETTERS = dict(
    zip(
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega "
        "times cdot pm leq le geq ge neq approx sim infty circ degree to rightarrow partial nabla sum prod int ell "
        "in subset cup cap percent".split(),
        "αβγδεεζηθϑικλμνξπρστυφφχψωΓΔΘΛΞΠΣΥΦΨΩ×·±≤≤≥≥≠≈∼∞°°→→∂∇∑∏∫ℓ∈⊂∪∩%",
        strict=True,
    )
)


def readable(text: str) -> str:
    """Return a text in which each formula is given once, without the other forms of it; other markup stays."""
    text = _ANNOTATION.sub(_unless_open(lambda content: ""), text)
    text = _ALTERNATIVES.sub(_unless_open(_one_form), text)
    return _TEX_MATH.sub(_unless_open(_formula), text)


def _unless_open(replace: Callable[[str], str]) -> Callable[[re.Match[str]], str]:
    def instead(found: re.Match[str]) -> str:
        return found.group() if found.group(3) is not None else replace(found.group(2) or "")

    return instead


def _one_form(content: str) -> str:
    """Return the first form that is text: MathML, a textual form, LaTeX; nothing of a picture alone."""
    for form in (_MATHML, _TEXTUAL):
        if found := form.search(content):
            return found.group()
    found = _TEX_MATH.search(content)
    return _formula(found.group(2) or "") if found else content


def _formula(latex: str) -> str:
    """Return the formula of a LaTeX fragment or document, its usual commands as the letters they stand for."""
    found = _DOCUMENT.search(latex)
    formula = _SPACING.sub(" ", _DELIMITERS.sub("", found.group(1) if found else latex))
    formula = _COMMAND.sub(lambda command: _LETTERS.get(command.group(1), ""), formula)
    return " ".join(formula.replace("{", "").replace("}", "").split())
