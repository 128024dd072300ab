"""A base image made without an image registry: Debian by debootstrap and a Python, under the name Dockerfile.aws uses.

It stands in for `python:3.12-slim-bookworm` from Docker Hub, so that the Dockerfile is built exactly as it is. Made
once (half a minute) and kept in the storage of the tests' own podman; this file's text is part of its name there, so a
change of the recipe makes a new one.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

NAME = "localhost/python:3.12-slim-bookworm"  # where podman looks first for the short name in FROM
CERTIFICATES = Path("/usr/local/share/ca-certificates")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LIBRARIES = (
    "ca-certificates,libssl3,libsqlite3-0,libffi8,libreadline8,libbz2-1.0,liblzma5,zlib1g,libncursesw6,libexpat1,libuuid1,"
    "netbase,tzdata"
)
DEBIANS_PYTHON = "python3,python3-venv,python3-pip"
# debootstrap, chroot and runc lie where only root's own PATH looks.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
# What python's own image leaves out too, and whatever this machine put into its Python for its own use.
LEFT_OUT = ("test", "tests", "__pycache__", "idlelib", "tkinter", "config-3*", "*.a", "*.pth")
# pip inside a build reaches the package index through the same certificates as this machine.
IMAGE_ENVIRONMENT = (
    "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    f"PIP_CERT={BUNDLE}",
    f"SSL_CERT_FILE={BUNDLE}",
    f"REQUESTS_CA_BUNDLE={BUNDLE}",
)


def make_base_image(podman: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """Make the base image unless this recipe's is there already, and give it the name of Dockerfile.aws."""
    python = _python_312()
    kept = f"localhost/dmpworks-tests/base:{_recipe(python)}"
    if podman("image", "exists", kept, check=False).returncode != 0:
        with tempfile.TemporaryDirectory(prefix="dmpworks-base-") as folder:
            root, archive = Path(folder, "root"), Path(folder, "base.tar")
            _make_root(root, python)
            _run("tar", "--create", "--file", archive, "--directory", root, ".")
            podman("import", *(f"--change=ENV {each}" for each in IMAGE_ENVIRONMENT), str(archive), kept)
    podman("tag", kept, NAME)


def _make_root(root: Path, python: Path | None) -> None:
    packages = LIBRARIES if python else f"{LIBRARIES},{DEBIANS_PYTHON}"
    _run("debootstrap", "--variant=minbase", f"--include={packages}", "bookworm", root)
    if python:
        _copy_python(python, root)
    else:
        _shape_debians_python(root)
    for certificate in CERTIFICATES.glob("*.crt"):
        shutil.copy(certificate, root / CERTIFICATES.relative_to("/"))
    _run("chroot", root, "update-ca-certificates")
    for rest in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc"):
        shutil.rmtree(root / rest, ignore_errors=True)


def _copy_python(python: Path, root: Path) -> None:
    shutil.copytree(
        python, root / "usr/local", symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*LEFT_OUT)
    )
    _run("chroot", root, "ldconfig")


def _shape_debians_python(root: Path) -> None:
    """Debian's Python is an older one, but it answers to the same name and installs the same lock."""
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")


def _python_312() -> Path | None:
    """Return the newest CPython 3.12 of pyenv, which may be copied elsewhere; None where there is none."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = [path for path in versions.glob("3.12.*") if re.fullmatch(r"3\.12\.\d+", path.name)]
    return max(found, key=lambda path: int(path.name.rsplit(".", 1)[1]), default=None)


def _recipe(python: Path | None) -> str:
    parts = [Path(__file__).read_bytes(), str(python).encode()]
    parts += [path.read_bytes() for path in sorted(CERTIFICATES.glob("*.crt"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, env=os.environ | {"PATH": SEARCH_PATH}, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")
