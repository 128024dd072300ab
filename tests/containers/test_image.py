"""The image of Dockerfile.aws, built by podman as it is."""

import json
import shutil
from importlib import metadata
from pathlib import Path

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.version import revision
from tests.servers.containers import CHECKOUT, ContainerEngine

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels

FILES = (
    "pyproject.toml", "README.md", "LICENSE", "hatch_build.py", "requirements.lock", "requirements-build.lock",
    ".dockerignore",
)  # fmt: skip
FOLDERS = ("dmpworks", "sqlmesh")
# bytes; 1.26 GB with the base of these tests, most of it polars, pyarrow, DuckDB, pandas and, since the transforms have
# compiled loops, LLVM for numba (0.22 GB)
LARGEST = 1_300_000_000


def test_the_entry_point_is_dmpworks(container_engine: ContainerEngine, dmpworks_image: str) -> None:
    shown = container_engine.run(dmpworks_image, "--help")
    assert shown.returncode == 0
    assert "batch-submit" in shown.stdout and "aws-batch" in shown.stdout


def test_jobs_do_not_run_as_root(container_engine: ContainerEngine, dmpworks_image: str) -> None:
    user = container_engine.run("--entrypoint=id", dmpworks_image, "-u")
    assert user.stdout.strip() == "10001"


def test_the_image_states_which_sources_it_was_built_from(
    container_engine: ContainerEngine, dmpworks_image: str, tmp_path: Path
) -> None:
    """Built without REVISION: the digest is that of the checkout's sources without its git."""
    sources = shutil.copytree(CHECKOUT / "dmpworks", tmp_path / "dmpworks")
    stated = container_engine.run(dmpworks_image, "--version").stdout.strip()
    assert stated == f"{metadata.version('dmpworks')}+{revision(sources)}"


def test_the_package_came_along_whole(container_engine: ContainerEngine, dmpworks_image: str) -> None:
    code = "import dmpworks, pathlib; print(*pathlib.Path(dmpworks.__file__).parent.rglob('*.*'), sep='\\n')"
    inside = container_engine.run("--entrypoint=python", dmpworks_image, "-c", code).stdout
    package = CHECKOUT / "dmpworks"
    files = [path for path in package.rglob("*.*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.suffix for path in files} >= {".py", ".json", ".css"}  # prices, the look of a report
    assert [str(path) for path in files if f"/dmpworks/{path.relative_to(package)}\n" not in inside] == []


@pytest.mark.parametrize("command", [("aws-batch", "ror", "bake"), ("aws-batch", "rot", "download"), ("no-such",)])
def test_an_unknown_job_is_a_mistake_of_usage(
    container_engine: ContainerEngine, dmpworks_image: str, command: tuple[str, ...]
) -> None:
    done = container_engine.run(dmpworks_image, *command)
    assert done.returncode == 2
    assert [line.split(":")[0].strip() for line in done.stderr.splitlines()[-3:]] == ["failed", "on", "next"]


def test_every_chain_runs_without_rights_and_without_writing_to_the_image(
    container_engine: ContainerEngine, dmpworks_image: str, tmp_path: Path
) -> None:
    ignored = shutil.ignore_patterns("out", "__pycache__")
    demo = shutil.copytree(CHECKOUT / "demo", tmp_path / "demo", ignore=ignored)
    demo.chmod(0o777)
    done = container_engine.run(
        *(
            "--read-only",
            "--cap-drop=ALL",
            f"--volume={demo}:/demo",
            "--entrypoint=python",
            dmpworks_image,
            "/demo/run.py",
        )
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    manifests = {path.parent.name for path in demo.glob("out/*/*/*/_manifest.json")}
    assert manifests == {job.name for chain in CHAINS for job in chain}


def test_a_change_of_code_installs_no_dependency_again(
    container_engine: ContainerEngine, dmpworks_image: str, tmp_path: Path
) -> None:
    for name in FILES:
        shutil.copy(CHECKOUT / name, tmp_path)
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".cache"))
    (tmp_path / "dmpworks" / "changed.py").write_text("")
    with container_engine.alone():  # without a network: an installation would fail
        container_engine.podman(
            *("build", "--pull=never", "--network=none", "--format=docker", "--layers", "--tag=localhost/changed"),
            *("--file", str(CHECKOUT / "Dockerfile.aws"), str(tmp_path)),
        )
    before, after = (_layers(container_engine, image) for image in (dmpworks_image, "localhost/changed"))
    container_engine.podman("rmi", "localhost/changed")
    same = [one == other for one, other in zip(before, after, strict=True)]
    assert same[-2:] == [False, False]  # the code, and its loops compiled
    assert all(same[:-2])


def test_the_image_has_a_bearable_size(container_engine: ContainerEngine, dmpworks_image: str) -> None:
    size = int(container_engine.podman("image", "inspect", "--format={{.Size}}", dmpworks_image).stdout)
    assert size < LARGEST


def _layers(engine: ContainerEngine, image: str) -> list[str]:
    layers: list[str] = json.loads(engine.podman("image", "inspect", "--format={{json .RootFS.Layers}}", image).stdout)
    return layers
