"""Too little memory or disk: a message of three lines that names the setting, and the default limit."""

import pytest

from dmpworks.chains.process_works import memory
from dmpworks.chains.process_works.build import open_database
from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.errors import JobError


def test_running_out_of_memory_names_the_setting(tmp_path):
    with (
        pytest.raises(JobError, match="ran out of memory") as caught,
        open_database(tmp_path / "small.duckdb", SqlmeshTransform(memory_limit="20MB", threads=1)) as connection,
    ):
        connection.execute("SET max_temp_directory_size = '1MB'")
        connection.execute("CREATE TABLE t AS SELECT LIST(range::TEXT || repeat('x', 100)) FROM range(1_000_000)")
    assert "PROCESS_WORKS_SQLMESH_TRANSFORM_MEMORY_LIMIT" in caught.value.next
    assert "19.0 MiB" in caught.value.on and len(str(caught.value).splitlines()) == 3


def test_a_damaged_input_is_one_message(tmp_path):
    (tmp_path / "input.parquet").write_bytes(b"PAR1 this is no Parquet PAR1")
    with (
        pytest.raises(JobError, match="could not read or write") as caught,
        open_database(tmp_path / "works.duckdb", SqlmeshTransform()) as connection,
    ):
        connection.execute(f"SELECT * FROM '{tmp_path}/input.parquet'")
    assert "input.parquet" in caught.value.on and str(tmp_path) in caught.value.next


@pytest.mark.parametrize(
    ("contents", "limit"),
    [
        (["1048576000"], 1_048_576_000),
        (["max"], None),
        (["9223372036854771712"], None),
        (["2097152000", "1048576000"], 1_048_576_000),
        ([], None),
    ],
)
def test_the_smaller_of_machine_and_container_counts(tmp_path, monkeypatch, contents, limit):
    paths = [tmp_path / str(number) for number in range(2)]
    for path, content in zip(paths, contents, strict=False):
        path.write_text(content + "\n")
    monkeypatch.setattr(memory, "CGROUP_LIMITS", paths)
    available = memory.available_memory()
    assert available == limit if limit else available > 1_048_576_000
    assert memory.memory_limit() == f"{int(available * 0.6) >> 20}MiB"


def test_the_default_limit_is_one_that_duckdb_understands(tmp_path):
    with open_database(tmp_path / "works.duckdb", SqlmeshTransform()) as connection:
        (limit,) = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    assert limit.endswith("iB")
