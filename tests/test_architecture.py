"""The table of docs/explanation/architecture.md, checked against the imports.

Every module is parsed once; each test collects all offenders and names them.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from importlib.metadata import packages_distributions
from inspect import signature
from pathlib import Path

import pytest

from dmpworks.jobs.wiring import variables
from dmpworks.settings.declare import declared
from dmpworks.settings.shared import BadRecords, DmpTool, Project, Search, Submission

PACKAGE = Path(__file__).parent.parent / "dmpworks"
PAGE = PACKAGE.parent / "docs" / "explanation" / "architecture.md"
GROUND = {"errors", "exit_codes", "formatting", "version"}


def allowed_imports(page: str) -> dict[str, set[str]]:
    """Return which part of the package may import which, from the page's table; a part always may import itself."""
    allowed = {}
    for parts, _, imports in re.findall(r"^\| (`.*) \| (.*) \| (.*) \|$", page, re.M):
        names = set(re.findall(r"`([\w.]+)`", imports)) | (GROUND if "the ground" in imports else set())
        allowed |= dict.fromkeys(re.findall(r"`(\w+)`", parts), names)
    return allowed


MAY_IMPORT = allowed_imports(PAGE.read_text())
HEAVY = [
    "polars", "pyarrow", "duckdb", "sqlmesh", "opensearchpy", "sqlalchemy", "boto3", "tantivy", "httpx", "numpy",
    "numba",
]  # fmt: skip
BANNED = {"utils", "common", "helpers", "manager", "base", "misc"}
MOST_MODULES = 16  # in one folder, so that a listing is read at a glance
IN_PAIRS = {"datasets.kernels"}  # each operation beside its compiled loops
LOADED_BY_NAME = {"pymysql"}  # by SQLAlchemy, which finds its driver in the database's address
DATASET_MODULES = {"jobs", "source", "reading", "records", "schema"}


def dotted(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__") if name != "__init__" else ""


TREES = {dotted(path): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
PATHS = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def part(name: str) -> str:
    return name.split(".")[0]


def imports(tree: ast.AST) -> set[str]:
    """Return the modules of this package that a module imports anywhere in it, as dotted names below the package."""
    found = set()
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name.removeprefix("dmpworks.") in TREES else node.module for name in whole]
        found |= {name.removeprefix("dmpworks.") for name in names if name.startswith("dmpworks.")}
    return found


IMPORTS = {name: imports(tree) for name, tree in TREES.items()}


def allowed(here: str, there: str) -> bool:
    may = MAY_IMPORT[part(here)]
    return part(there) == part(here) or any(there == name or there.startswith(f"{name}.") for name in may)


def test_the_page_names_every_part_of_the_package():
    assert set(MAY_IMPORT) == {part(name) for name in TREES} - {"", "__main__"} | {"exit_codes"}


def test_no_import_points_upwards():
    wrong = [
        f"{here} imports {there}"
        for here in IMPORTS.keys() - {"", "__main__"}
        for there in IMPORTS[here]
        if not allowed(here, there)
    ]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


def test_no_chain_imports_another():
    wrong = [
        f"{here} imports {there}"
        for here in IMPORTS
        for there in IMPORTS[here]
        if here.startswith("chains.") and there.startswith("chains.") and here.split(".")[1] != there.split(".")[1]
    ]
    assert wrong == []


def test_the_core_names_no_chain_and_no_variable_of_one():
    from dmpworks.catalog import CHAINS

    classes = (Project, Submission, Search, DmpTool, BadRecords)
    shared = {setting.variable for cls in classes for setting in declared(cls)}
    names = {chain.name for chain in CHAINS} | variables(CHAINS) - shared
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    wrong = [
        f"{module}: {match[0]}"
        for module in TREES
        if part(module) in ("batch", "commands", "jobs", "runs", "settings")
        for text in strings(TREES[module])
        if (match := named.search(text))
    ]
    assert wrong == []


def strings(tree: ast.AST) -> list[str]:
    """Return the string constants of a module, docstrings left out."""
    nodes = list(ast.walk(tree))
    docs = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def test_every_declared_dependency_is_imported():
    declared = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.split(r"[^\w-]", requirement)[0] for requirement in declared}
    imported = {name.split(".")[0] for tree in TREES.values() for name in imported_names(tree)}
    distributions = packages_distributions()
    used = {owner.lower() for name in imported for owner in distributions.get(name, ())}
    assert names - used == LOADED_BY_NAME


def imported_names(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_one_module_reads_the_environment():
    # `workers` asks for the number of cores; nothing else of `os` reads settings
    reads = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
        if isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert reads == {"settings.resolve"}


def test_modules_have_names_and_a_readable_size():
    unnamed = [
        name
        for name in TREES
        if name.split(".")[-1] in BANNED or name.split(".")[-1].endswith(("_cmd", "_factory", "_utils"))
    ]
    assert unnamed == []
    assert [name for name, path in PATHS.items() if len(path.read_text().splitlines()) > 300] == []


def test_no_folder_holds_too_many_modules():
    sizes = Counter(dotted(path.parent / "__init__.py") for path in PATHS.values() if path.stem != "__init__")
    assert {name: size for name, size in sizes.items() if size > MOST_MODULES and name not in IN_PAIRS} == {}


def test_every_dataset_chain_has_the_same_five_modules():
    from dmpworks.catalog import CHAINS
    from dmpworks.datasets.transform.dataset import Dataset

    folders = {chain.module.rpartition(".")[0] for chain in CHAINS if "download" in chain.job_names}
    assert len(folders) >= 5
    lacking = {
        folder: missing
        for folder in folders
        if (missing := {each for each in DATASET_MODULES if f"{folder}.{each}".removeprefix("dmpworks.") not in TREES})
    }
    assert lacking == {}
    for folder in folders:
        assert isinstance(import_module(f"{folder}.reading").DATASET, Dataset)
        assert list(signature(import_module(f"{folder}.reading").parts).parameters) == ["download"]


def test_the_catalog_loads_nothing_heavy():
    code = f"import sys, dmpworks.catalog; print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_schema_of_a_dataset_loads_no_clients_and_no_transform():
    schemas = [name for name in TREES if name.startswith("chains.") and name.endswith(".schema")]
    code = f"import sys; {'; '.join(f'import dmpworks.{name}' for name in schemas)}; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert {"httpx", "obstore", "rich", "boto3", "numba", "dmpworks.datasets.transform.run_parts"} & loaded == set()
    assert {name for name in loaded if name.startswith(("dmpworks.services", "dmpworks.jobs"))} == set()


def test_the_sqlmesh_folder_does_not_shadow_the_library():
    assert not (PACKAGE.parent / "sqlmesh" / "__init__.py").exists()
