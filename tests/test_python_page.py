"""The blocks of docs/how-to/use-from-python.md, run in order as a reader would, beside the demo's world."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "how-to" / "use-from-python.md"
BLOCK = re.compile(r"^```(bash|python)\n(.*?)^```", re.M | re.S)


def run_shell(block: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(["bash", "-euc", block], env=os.environ | {"PATH": path}, check=True, capture_output=True, text=True)


def test_every_block_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text())
    assert {language for language, _ in blocks} == {"bash", "python"}
    names: dict[str, object] = {}
    for language, block in blocks:
        if language == "bash":
            run_shell(block)
        else:
            exec(compile(block, str(PAGE), "exec"), names)
    assert capsys.readouterr().out
