"""The pages name modules and files that exist, and use the words of the house."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "reference"]  # the rest is generated
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *WRITTEN])
OUTPUTS = {"demo/out/"}  # of commands that a page shows
NAMED = re.compile(r"`((?:dmpworks|sqlmesh|tests|docs|benchmarks|demo)/[\w./-]*)`")
RETIRED = re.compile(
    r"\b(told|tells?|mend(?:s|ed|ing)?|anew|nought|lest|bears|at it|would do|knows? (?:it|them) no more)\b", re.I
)


def prose(page: Path) -> str:
    """Return a page without its code, its quotations and what a session printed."""
    return re.sub(r"^ *```.*?^ *```|`[^`]*`", "", page.read_text(), flags=re.M | re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_files_that_exist(page: Path):
    assert [
        name for name in NAMED.findall(page.read_text()) if not (ROOT / name).exists() and name not in OUTPUTS
    ] == []


def test_the_readme_names_every_part_of_the_package():
    readme = (ROOT / "README.md").read_text()
    parts = [path for path in (ROOT / "dmpworks").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    names = [path.name if path.suffix else f"{path.name}/" for path in parts if path.name != "__init__.py"]
    assert [name for name in names if f"/{name}`" not in readme and f" `{name}`" not in readme] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_uses_a_retired_word(page: Path):
    assert RETIRED.findall(prose(page)) == []
