"""The picture of the house in docs/explanation/architecture.md, held against the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dmpworks"
CLEANERS = {"identifiers", "names", "text"}
CHAIN_MAY = {"jobs", "datasets", "matching", "services", "workers", "errors"} | CLEANERS
MAY_IMPORT = {
    "errors": set(),
    "cleaners": {"errors"} | CLEANERS,
    "workers": {"errors"},
    # a search engine is asked the domain's query, and told by its settings where it is
    "services": {"errors", "matching", "jobs.shared_settings"},
    "matching": {"errors"} | CLEANERS,
    "jobs": {"errors", "services.storage"},
    "datasets": {"errors", "jobs", "services", "workers"} | CLEANERS,
    "chains": CHAIN_MAY,
    "catalog": {"chains", "jobs"},
    "runs": {"errors", "jobs", "services.storage"},
    "batch": {"errors", "jobs", "runs", "services.storage"},
    "commands": {"catalog", "batch", "runs", "jobs", "errors", "services.storage", "services.reach"},
    "cli": {"catalog", "chains", "commands", "jobs", "errors", "services.storage"},
}
HEAVY = [
    "polars", "pyarrow", "duckdb", "sqlmesh", "opensearchpy", "sqlalchemy", "boto3", "tantivy", "httpx", "numpy",
    "numba",
]  # fmt: skip
BANNED = {"utils", "common", "helpers", "manager", "base", "misc"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__") if name != "__init__" else ""


def room(name: str) -> str:
    first = name.split(".")[0]
    return "cleaners" if first in CLEANERS or first.startswith("name_") else first


def imports(path: Path) -> set[str]:
    """Return what of this package a module imports anywhere in it, as dotted names below the package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        found |= {name.removeprefix("dmpworks.") for name in names if name.startswith("dmpworks.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_arrows_go_one_way(path):
    here = dotted(path)
    if here in ("", "__main__"):
        return
    allowed = MAY_IMPORT[room(here)]
    for there in imports(path):
        inside = room(there) == room(here)
        assert inside or any(
            there == name or there.startswith(f"{name}.") or room(there) == name for name in allowed
        ), f"{here} imports {there}"


@pytest.mark.parametrize("path", [path for path in MODULES if "chains" in path.parts], ids=dotted)
def test_no_chain_imports_another(path):
    parts = dotted(path).split(".")
    others = [name for name in imports(path) if name.startswith("chains.") and name.split(".")[1] != parts[1]]
    assert others == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_one_module_reads_the_environment(path):
    # workers asks for the number of cores, nothing else of `os` reads settings
    reads = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    if any(node.attr in ("environ", "getenv") for node in reads):
        assert dotted(path) == "jobs.settings"


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_rooms_have_names_and_walls(path):
    assert path.stem not in BANNED
    assert not path.stem.endswith(("_cmd", "_factory", "_utils"))
    assert len(path.read_text().splitlines()) <= 300, "is it one room or two?"


def test_the_catalog_loads_nothing_heavy():
    code = f"import sys, dmpworks.catalog; print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_sqlmesh_folder_does_not_shadow_the_library():
    assert not (PACKAGE.parent / "sqlmesh" / "__init__.py").exists()
