"""The SQLMesh project: every model explains itself and has a unit test, and all unit tests pass."""

import shutil

import pytest
from sqlmesh import Context

from dmpworks.chains.process_works.sqlmesh_project import project


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Context:
    """The project as the command `sqlmesh` opens it, through its config.py; a copy, for SQLMesh writes a cache."""
    folder = tmp_path_factory.mktemp("sqlmesh") / "project"
    shutil.copytree(project(), folder, ignore=shutil.ignore_patterns(".cache", "__pycache__"))
    return Context(paths=[folder])


def test_all_unit_tests_pass(context):
    result = context.test()
    failures = "\n".join(f"{test}\n{text}" for test, text in [*result.failures, *result.errors])
    assert result.wasSuccessful(), failures
    assert result.testsRun == len(context.select_tests())


def test_every_model_has_a_unit_test(context):
    tested = {test.body["model"] for test in context.select_tests()}
    models = {model.fqn for model in context.models.values() if not model.kind.is_external}
    assert models and models == tested


def test_every_model_says_what_and_why(context):
    for path in sorted((project() / "models").rglob("*.sql")):
        header = path.read_text().split("*/", 1)[0]
        assert header.startswith("/*\n") and len(header.split()) > 10, path


def test_models_are_named_like_their_files(context):
    for model in context.models.values():
        if not model.kind.is_external:
            assert model._path.relative_to(model._path.parents[1]).with_suffix("").parts == tuple(model.name.split("."))


def test_nothing_is_reported_to_anybody(context):
    assert context.config.disable_anonymized_analytics


def test_column_types_are_all_known(context):
    """A type that SQLMesh cannot infer would make a unit test compare texts."""
    for model in context.models.values():
        unknown = [
            name for name, kind in (model.columns_to_types or {}).items() if kind.sql("duckdb") in ("UNKNOWN", "NULL")
        ]
        assert not unknown, (model.name, unknown)
