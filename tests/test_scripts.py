"""The demo and the benchmarks import from the package what is there: no other fast test runs them."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted([*(ROOT / "demo").glob("*.py"), *(ROOT / "benchmarks").glob("*.py")])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_script_imports_what_is_there(path: Path):
    assert runpy.run_path(str(path), run_name="imported")["__doc__"]
