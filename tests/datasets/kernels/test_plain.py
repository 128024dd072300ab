import pyarrow as pa
import pytest
from hypothesis import given

from dmpworks.cleaners import text
from dmpworks.datasets.kernels.plain import plain_text, unusual
from tests.datasets.kernels.samples import check, texts, thorough


@thorough
@given(texts)
def test_equals_the_plain_text_of_each_value(values: list[str | None]) -> None:
    check(plain_text, text.plain_text, values)


@pytest.mark.parametrize("entry", sorted(text.PLACEHOLDERS))
def test_texts_that_say_nothing_in_every_dress(entry: str) -> None:
    dresses = [entry, entry.upper(), entry.title(), f"[{entry}].", f"“{entry}”", f"...{entry}", f"{entry} x"]
    check(plain_text, text.plain_text, dresses)


def test_every_character_between_others() -> None:
    values = [f"a{chr(code)}e" for code in range(0x20000) if not 0xD800 <= code < 0xE000]
    check(plain_text, text.plain_text, values)
    check(plain_text, text.plain_text, [f"{value}\u0301 {'long ' * 60}." for value in values[::7]])


def test_usual_texts_are_left_to_the_loop_and_come_out_as_the_same_column() -> None:
    usual = pa.array(
        ["Tagging and tracking outputs – the FAIR Island project", "Größe, Maß und Zahl", "p < 0.05 & more", "材料样品"]
    )
    assert unusual(usual).tolist() == [False, True, False, False]  # ß is folded to ss
    assert plain_text(usual.take(pa.array([0, 2, 3]))).to_pylist() == usual.take(pa.array([0, 2, 3])).to_pylist()


@pytest.mark.parametrize(
    "raw", [b"a\xff", b"\xc3", b"\xed\xa0\x80 x", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xc0\xaf", b"a\x80"]
)
@pytest.mark.parametrize("length", [0, 300])
def test_bytes_that_are_no_utf8(raw: bytes, length: int) -> None:
    stated = raw + b" x" * length
    expected = text.plain_text(stated.decode(errors="replace"))
    assert plain_text(pa.array([stated]).view(pa.string())).to_pylist() == [expected]
