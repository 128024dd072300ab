"""The page docs/how-to/add-a-dataset.md, followed to the letter in a copy of the checkout, down to the works index."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "how-to" / "add-a-dataset.md"
COPIED = ("dmpworks", "sqlmesh", "demo", "docs", "tests", "pyproject.toml", ".env.aws-batch.example")
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.M | re.S)

pytestmark = pytest.mark.timeout(900)  # seven chains run, and the unit tests of all SQL models


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which a reader has followed the page from top to bottom."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        copy(ROOT / name, folder / name)
    for language, title, block in BLOCK.findall(PAGE.read_text()):
        follow(folder, language, title, block)
    return folder


def copy(source: Path, target: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".cache", "out", ".env.aws-batch")
    shutil.copytree(source, target, ignore=ignored) if source.is_dir() else shutil.copy(source, target)


def follow(folder: Path, language: str, title: str, block: str) -> None:
    """Do what a block of the page says: write a file, change one, or run commands."""
    if language == "bash":
        run(folder, block)
    elif language == "diff":
        change(folder / title, block)
    elif title:
        assert not (folder / title).exists(), f"{title} is not new"
        (folder / title).parent.mkdir(parents=True, exist_ok=True)
        (folder / title).write_text(block)


def change(path: Path, block: str) -> None:
    """Replace the lines of a block without `+` by those without `-`; they must be in the file exactly once."""
    lines = block.splitlines()
    before, after = ("".join(f"{line[1:]}\n" for line in lines if line[:1] not in sign) for sign in ("+", "-"))
    text = path.read_text()
    assert text.count(before) == 1, f"{path.name} does not have these lines, or has them twice:\n{before}"
    path.write_text(text.replace(before, after))


def run(folder: Path, commands: str) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    packages = os.pathsep.join([str(folder), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    environment = os.environ | {"PATH": path, "PYTHONPATH": packages.rstrip(os.pathsep)}
    done = subprocess.run(["bash", "-euc", commands], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{commands}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def test_the_sixth_dataset_reaches_the_works_index(checkout: Path):
    files = checkout.glob("data/process-works/2026-10-01/export/*.parquet")
    relations = {row["doi"]: row["relations"] for file in files for row in pq.read_table(file).to_pylist()}
    work, partner = "10.93003/hls.dkji3za", "10.93004/osl.2017.90701"
    assert {"doi": partner} in relations[work]["possible_shared_project_dois"]
    assert {"doi": work} in relations[partner]["possible_shared_project_dois"]


def test_generated_files_and_lint_are_in_order(checkout: Path):
    run(checkout, "dmpworks docs --check && python -m ruff check dmpworks tests/chains/work_links")


def test_options_help_and_reference_follow_from_the_declarations(checkout: Path):
    assert "--work-links-run-id" in run(checkout, "dmpworks batch-submit process-works --help")
    assert "`WORK_LINKS_SOURCE`" in (checkout / "docs" / "reference" / "work-links.md").read_text()
    assert "\n# WORK_LINKS_RUN_ID=" in (checkout / ".env.aws-batch.example").read_text()


def test_the_rules_of_the_architecture_still_hold(checkout: Path):
    run(checkout, "python -m pytest -q tests/test_architecture.py")
