"""A small file that holds gigabytes is refused with the usual message, in bounded memory."""

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dmpworks.chains.process_dmps.plan_files import read_lines
from dmpworks.chains.ror.reading import _DATA
from dmpworks.datasets.reading.json_lines import LONGEST_RECORD

GIB = 1024**3
MOST_MEMORY = 900 * 1024  # KiB; the file has 1.5 GiB, the limit of a record is an eighth of one
READ = r"""
import re, sys
from pathlib import Path
from dmpworks.datasets.reading.archives import read_zip_array
from dmpworks.datasets.reading.json_lines import read_gzip_lines
from dmpworks.errors import TransformError
path = Path(sys.argv[1])
try:
    for _ in (read_zip_array(path, "a.json", dict) if path.suffix == ".zip" else read_gzip_lines(path, dict)):
        pass
except TransformError as error:
    print(error.what, error.on, sep="; ")
status = Path("/proc/self/status").read_text()
print(re.search(r"VmHWM:\s+(\d+) kB", status)[1])  # getrusage would count the parent that forked
"""


def write(path: Path, begin: bytes, letter: bytes) -> None:
    """Write 1.5 GiB of one letter after some bytes; in a file that is a thousandth as large."""
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        with archive, archive.open("a.json", "w", force_zip64=True) as file:
            _fill(file, begin, letter)
        return
    with gzip.open(path, "wb", compresslevel=1) as file:
        _fill(file, begin, letter)


def _fill(file, begin: bytes, letter: bytes) -> None:
    file.write(begin)
    for _ in range(96):
        file.write(letter * (GIB // 64))


@pytest.mark.parametrize(
    ("name", "begin", "letter"),
    [("a.jsonl.gz", b'{"a": "', b"x"), ("a.zip", b'[{"a": "', b"x"), ("a.zip", b"[", b" ")],
)
def test_a_bomb_is_refused_in_bounded_memory(tmp_path: Path, name: str, begin: bytes, letter: bytes) -> None:
    path = tmp_path / name
    write(path, begin, letter)
    said = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True).stdout
    message, peak = said.splitlines()
    assert message.startswith("a file is damaged; a.")
    assert f"longer than {LONGEST_RECORD:,} bytes" in message
    assert int(peak) < MOST_MEMORY


def test_an_upload_of_plans_without_line_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dmpworks.chains.process_dmps.plan_files.LONGEST_RECORD", 1000)
    path = tmp_path / "plans.jsonl.gz"
    path.write_bytes(gzip.compress(b"{}\n" + b"x" * 2000))
    lines = read_lines(path)
    assert next(lines) == b"{}\n"
    with pytest.raises(EOFError, match="a line is longer than 1,000 bytes"):
        next(lines)


@pytest.mark.parametrize(
    ("name", "is_data"),
    [
        ("v1.50-2026-01-01-ror-data_schema_v2.json", True),
        ("folder/v2.4-ror-data.json", True),
        ("folder/x-v2.4-ror-data.json", True),
        ("v/ror-data.json", False),
        ("v2.4-ror-data.csv", False),
        ("v" * 400_000, False),  # a pattern that is quadratic would not end here
    ],
)
def test_the_data_of_ror_is_found_in_time_that_grows_with_the_names(name: str, is_data: bool) -> None:
    assert bool(_DATA.search(name)) == is_data
