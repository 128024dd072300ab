"""A real browser, headless, for pages that people will open: it sees no network and keeps nothing."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import unavailable

QUIET = "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking".split()
QUIET += "disable-component-update disable-sync hide-scrollbars disable-dev-shm-usage".split()
Browse = Callable[..., str]


@pytest.fixture
def chromium(tmp_path: Path) -> Browse:
    """Open a page with `dump-dom`, `screenshot=FILE` or `print-to-pdf=FILE`, and return what the browser prints."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        unavailable("Chromium", "no such program; apt-get install chromium")

    def browse(page: Path, *options: str) -> str:
        profile = tmp_path / "chromium"
        flags = [f"--{option}" for option in (*QUIET, f"user-data-dir={profile}", *options)]
        try:
            command = [program, *flags, page.resolve().as_uri()]
            answer = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
        finally:
            shutil.rmtree(profile, ignore_errors=True)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    return browse
