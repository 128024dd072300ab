"""Of each formula one form stays, as text; what is no formula stays as it is."""

import pytest

from dmpworks.cleaners.text import plain_text

DOCUMENT = (
    r"\documentclass[12pt]{minimal} \usepackage{amsmath} \setlength{\oddsidemargin}{-69pt} "
    r"\begin{document}$$\beta$$\end{document}"
)
MATHML = '<mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>β</mml:mi></mml:math>'

CASES = {
    # JATS alternatives: MathML, a textual form, LaTeX; a picture says nothing
    f"drift <jats:alternatives><jats:tex-math>{DOCUMENT}</jats:tex-math>{MATHML}</jats:alternatives> ok": "drift β ok",
    f"drift <alternatives>{MATHML}<tex-math>{DOCUMENT}</tex-math></alternatives> ok": "drift β ok",
    f"drift <alternatives><tex-math>{DOCUMENT}</tex-math><graphic href='a'/></alternatives> ok": "drift β ok",
    "<alternatives><textual-form>beta</textual-form><tex-math>\\beta</tex-math></alternatives> ok": "beta ok",
    # LaTeX alone: a document, a fragment, unknown commands
    f"<jats:inline-formula><jats:tex-math>{DOCUMENT}</jats:tex-math></jats:inline-formula> buoys": "β buoys",
    "at <tex-math>$\\mathrm{CO}_2 \\leq 5$</tex-math> ppm": "at CO_2 ≤5 ppm",
    "at <tex-math>\\(x^{2}\\)</tex-math> m": "at x^2 m",
    # MathML: its annotation repeats it in another language
    "x <math><semantics><mi>β</mi><annotation encoding='TeX'>\\beta</annotation></semantics></math> y": "x β y",
    "x <m:math><m:mi>β</m:mi><m:annotation-xml><m:ci>b</m:ci></m:annotation-xml></m:math> y": "x β y",
    # escaped markup is markup
    "drift &lt;tex-math&gt;\\beta&lt;/tex-math&gt; ok": "drift β ok",
    # nothing is lost where an element is never closed, and text about LaTeX is text
    "an <alternatives> open": "an open",
    "We describe \\documentclass for beginners": "We describe \\documentclass for beginners",
    "annotation of alternatives": "annotation of alternatives",
}


@pytest.mark.parametrize("text", CASES)
def test_one_form_of_a_formula_stays(text: str) -> None:
    assert plain_text(text) == CASES[text]


@pytest.mark.parametrize("opening", ["<alternatives>", "<tex-math>", "<annotation x='1'>"])
def test_openings_without_end_take_no_longer_each(opening: str) -> None:
    # were each of them looked for to the end, this would take minutes
    assert plain_text(opening * 20_000 + "text") == "text"
