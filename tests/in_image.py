"""The fast tests inside the image: `python -m tests.in_image [pytest's arguments]`.

What is tested is the package that the image holds, with the image's Python and libraries. From outside come, read-only,
the checkout's tests and what only tests need: the rest of requirements-dev.lock, installed once by the image's own
Python and kept beside the tests' other caches.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.containers import CHECKOUT, ContainerEngine, build_image, open_engine

PYTHON = "/opt/dmpworks/bin/python"
LOCKS = ("requirements.lock", "requirements-dev.lock")
INSTALL = (
    f"/usr/local/bin/python -m pip --python {PYTHON} --disable-pip-version-check install --quiet --no-compile"
    " --root-user-action=ignore --require-hashes --only-binary=:all: --prefix /extra"
    " -r /checkout/requirements-dev.lock"
)
RUN = (
    *("--read-only", "--tmpfs=/tmp:mode=1777,exec", "--workdir=/checkout", "--env=PYTHONPYCACHEPREFIX=/tmp/pyc"),
    *("--volume={checkout}:/checkout:ro", "--volume={extra}:/extra:ro", "--entrypoint=sh"),
)
# /extra has a folder for the version of Python, whichever the image has.
START = f'PYTHONPATH=$(echo /extra/lib/python3*/site-packages) exec {PYTHON} "$@"'
# The package is the image's: the checkout comes after it on the path.
PYTEST = ("-P", "-m", "pytest", "--import-mode=append", "-p", "no:cacheprovider", "-m", "not server", "--quiet")
PARALLEL = ("--numprocesses", "logical", "--no-loadscope-reorder")


def main(arguments: list[str]) -> int:
    """Run the tests in a container; return pytest's exit code."""
    engine = open_engine()
    image = build_image(engine)
    extra = install_test_packages(engine, image)
    options = [option.format(checkout=CHECKOUT, extra=extra) for option in RUN]
    run = ["podman", "run", "--rm", "--pull=never", "--network=host", *options, image, "-c", START, "sh"]
    return subprocess.run([*run, *PYTEST, *PARALLEL, *arguments], env=engine.environment).returncode


def install_test_packages(engine: ContainerEngine, image: str) -> Path:
    """Return the folder of what requirements-dev.lock adds to the image; installs it when a lock has changed."""
    locks = hashlib.sha256(b"".join((CHECKOUT / lock).read_bytes() for lock in LOCKS)).hexdigest()[:12]
    extra = engine.cache / f"test-packages-{locks}"
    with (engine.cache / "test-packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not extra.exists():
            part = extra.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            volumes = (f"--volume={CHECKOUT}:/checkout:ro", f"--volume={part}:/extra")
            engine.run("--user=0", *volumes, "--entrypoint=sh", image, "-c", INSTALL, check=True)
            part.rename(extra)
    return extra


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main(sys.argv[1:]))
