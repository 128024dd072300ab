"""The documentation site: strict links, search, and nothing that a reader's browser would fetch from elsewhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ELSEWHERE = r"""["']?(?:https?:)?//"""
LOADED = re.compile(
    rf"<(?:script|img|iframe|source)\b[^>]*\bsrc={ELSEWHERE}"
    rf"|<link\b[^>]*rel=[\"']?(?:stylesheet|preconnect|icon)[^>]*href={ELSEWHERE}"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make site` does; a link that leads nowhere fails the build."""
    if not os.environ.get("DMPWORKS_TESTS_REQUIRE_SERVICES"):
        pytest.importorskip("material", reason="make .venv/docs.stamp installs what builds the site")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_of_the_documentation_is_on_the_site(site: Path):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in ROOT.glob("docs/**/*.md")}
    expected = {page.replace("README.html", "index.html") for page in pages}
    assert expected <= {path.relative_to(site).as_posix() for path in site.rglob("*.html")}


def test_a_page_loads_nothing_from_elsewhere(site: Path):
    pages = {path.relative_to(site).as_posix(): path.read_text() for path in site.rglob("*.html")}
    assert {name: found[0] for name, text in pages.items() if (found := LOADED.search(text))} == {}
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\"']+", styles) == []


def test_search_finds_the_python_functions_and_the_settings(site: Path):
    index = json.loads((site / "search" / "search_index.json").read_text())
    titles = {entry["title"] for entry in index["docs"]}
    assert {"When a job fails", "evidence", "read_manifest"} <= {re.sub("<.*?>", "", title) for title in titles}
    assert any("MAX_BAD_RECORDS" in entry["text"] for entry in index["docs"])
