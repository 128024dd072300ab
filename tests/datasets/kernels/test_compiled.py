"""When the loops are loaded, and that what is compiled once is there for the next process."""

import shutil
import subprocess
import sys
from pathlib import Path

from dmpworks.datasets.kernels import compiled

TRANSFORM = """
import sys
from collections import Counter
from pathlib import Path
from dmpworks.chains.openalex_works.reading import read
from dmpworks.chains.openalex_works.records import columns
from dmpworks.datasets.transform.dataset import Part
from dmpworks.jobs.run import File
path = Path(sys.argv[1])
(batch,) = read(path, Part(File(path.name, 1)))
made = [columns(batch.records * times, None, Counter(), True).rows.to_pylist() for times in map(int, sys.argv[2:])]
print(len(made[0]), all(rows[: len(made[0])] == made[0] for rows in made), "numba" in sys.modules)
"""
MISSES = """
print(sum(
    sum(one.stats.cache_misses.values())
    for name, module in sys.modules.items() if name.endswith("_loops")
    for one in vars(module).values() if hasattr(one, "stats")
))
"""


def python(code: str, *arguments: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout


def test_a_few_records_never_wait_for_the_compiler(data: Path) -> None:
    path = str(data / "real" / "openalex-works.jsonl.gz")
    assert python(TRANSFORM, path, "1").split() == ["34", "True", "False"]


def test_many_records_take_the_loops_and_give_the_same_rows(data: Path) -> None:
    path = str(data / "real" / "openalex-works.jsonl.gz")
    assert python(TRANSFORM, path, "1", "120").split() == ["34", "True", "True"]


def test_what_was_compiled_beforehand_is_not_compiled_again(data: Path) -> None:
    subprocess.run([sys.executable, "-m", "dmpworks.datasets.kernels"], check=True, capture_output=True)
    path = str(data / "real" / "openalex-works.jsonl.gz")
    assert python(TRANSFORM + MISSES, path, "120").split() == ["4080", "True", "True", "0"]


def test_what_lies_where_nobody_can_write_is_copied_to_the_home(tmp_path: Path) -> None:
    here = Path(compiled.__file__).parent
    package = tmp_path / "site" / "loops"
    shutil.copytree(here, package, ignore=shutil.ignore_patterns("__pycache__"))
    read_only = f"""
import os, runpy
from pathlib import Path
os.environ["HOME"] = {str(tmp_path)!r}
found = runpy.run_path({str(package / "compiled.py")!r})["cache_folder"]
kept = found()
kept.mkdir(parents=True)
(kept / "loop.nbc").write_bytes(b"compiled")
writable, os.access = os.access, lambda *_: False
found.cache_clear()
print(kept.parent.parent.name, found().relative_to(Path.home()).parent, [path.name for path in found().iterdir()])
"""
    assert python(read_only).strip() == "loops .cache/dmpworks ['loop.nbc']"
