"""Which code this is: the released version and the exact revision, as manifests, ledger and User-Agent state it.

Standard library only: the build hook (hatch_build.py) runs this file by itself, before anything is installed.
"""

import hashlib
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGE = Path(__file__).parent
REVISION_FILE = "revision.txt"  # written into the wheel by the build hook; a checkout has none


@cache
def version() -> str:
    """Return version and revision, such as `0.1.0+g9f9fdcc01234`, or `...-dirty` with uncommitted changes."""
    return f"{metadata.version('dmpworks')}+{revision()}"


def revision(package: Path = PACKAGE) -> str:
    """Return what a build noted, else the git revision of the checkout, else a digest of the sources."""
    noted = package / REVISION_FILE
    return noted.read_text().strip() if noted.exists() else _git_revision(package) or _source_digest(package)


def _git_revision(package: Path) -> str:
    """Return `g<hash>`, or nothing where there is no checkout, no git, or git refuses to read it."""
    if not (package.parent / ".git").exists():  # git itself would also look in all parent folders
        return ""
    command = ["git", "-C", str(package.parent), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f"g{done.stdout.strip()}" if done.returncode == 0 else ""


def _source_digest(package: Path) -> str:
    """Return `src.<hash>`: equal sources have equal digests, wherever they were unpacked."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode() + path.read_bytes())
    return f"src.{digest.hexdigest()[:12]}"
