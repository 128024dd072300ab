"""Which code made an output is stated in a checkout, in a wheel and in the image, with git and without."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dmpworks.version import PACKAGE, revision, version

ROOT = Path(__file__).parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "hatch_build.py")


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a wheel is built from, without git."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in SOURCES:
        shutil.copy(ROOT / name, folder)
    for name in ("dmpworks", "sqlmesh"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".cache"))
    return folder


def built_revision(checkout: Path, noted: str = "") -> str:
    """Return the revision that a wheel, built with DMPWORKS_REVISION, holds."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=checkout, env=os.environ | {"DMPWORKS_REVISION": noted}, check=True)
    [wheel] = checkout.glob("dist/*.whl")
    return zipfile.ZipFile(wheel).read("dmpworks/revision.txt").decode()


def test_version_and_revision_are_stated_together():
    assert re.fullmatch(r"\d+\.\d+\.\d+\+(g[0-9a-f]{12}(-dirty)?|src\.[0-9a-f]{12})", version())


@pytest.mark.skipif(not shutil.which("git"), reason="the image has no git")
def test_a_checkout_states_its_commit_and_whether_files_were_changed(checkout: Path):
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message=first")
    head = git(checkout, "rev-parse", "--short=12", "HEAD")
    assert revision(checkout / "dmpworks") == f"g{head}"
    (checkout / "README.md").write_text("changed")
    assert revision(checkout / "dmpworks") == f"g{head}-dirty"


def test_a_folder_without_git_states_a_digest_of_its_sources(checkout: Path):
    (checkout.parent / ".git").mkdir()  # of something else, around it
    before = revision(checkout / "dmpworks")
    assert before.startswith("src.") and before == revision(checkout / "dmpworks")
    (checkout / "dmpworks" / "errors.py").write_text("changed = True\n")
    assert revision(checkout / "dmpworks") not in ("", before)


def test_a_checkout_is_named_by_its_digest_where_git_is_not_installed(checkout: Path, monkeypatch: pytest.MonkeyPatch):
    (checkout / ".git").mkdir()
    monkeypatch.setenv("PATH", "")
    assert revision(checkout / "dmpworks").startswith("src.")


def test_a_wheel_states_the_revision_that_its_build_was_given(checkout: Path):
    assert built_revision(checkout, noted="g0123456789ab") == "g0123456789ab\n"


def test_a_wheel_that_was_built_without_git_states_the_digest_of_its_sources(checkout: Path):
    assert built_revision(checkout) == f"{revision(checkout / 'dmpworks')}\n"


def test_an_installed_wheel_states_the_noted_revision(tmp_path: Path):
    (tmp_path / "revision.txt").write_text("g0123456789ab\n")
    shutil.copy(PACKAGE / "version.py", tmp_path)
    assert runpy.run_path(str(tmp_path / "version.py"))["revision"](tmp_path) == "g0123456789ab"


def test_a_build_leaves_nothing_in_the_checkout(checkout: Path):
    before = {path for path in checkout.rglob("*") if "__pycache__" not in path.parts}
    built_revision(checkout)
    after = {path for path in checkout.rglob("*") if "__pycache__" not in path.parts}
    assert {path.relative_to(checkout).parts[0] for path in after - before} == {"dist"}


def test_the_image_is_built_with_the_revision_and_all_that_its_wheel_needs():
    dockerfile = (ROOT / "Dockerfile.aws").read_text()
    assert re.search(r"^ARG REVISION\nRUN DMPWORKS_REVISION=\"\$REVISION\" ", dockerfile, re.M)
    copied = re.search(r"^COPY (pyproject.toml .*) \./$", dockerfile, re.M)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert copied and set(copied[1].split()) == set(SOURCES) <= {name.removeprefix("!") for name in ignored}


def test_the_citation_and_the_changelog_name_this_version():
    released = version().partition("+")[0]
    assert f"\nversion: {released}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {released}\n" in (ROOT / "CHANGELOG.md").read_text()
