"""The real image in real containers: podman with storage of its own, and moto's AWS Batch that starts containers in it.

Nothing of the machine's own podman is touched: configuration, images and containers live in a cache folder outside the
checkout, so that a second session builds in seconds.
"""

import fcntl
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.servers import unavailable
from tests.servers.base_image import SEARCH_PATH, make_base_image

CHECKOUT = Path(__file__).parents[2]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/dmpworks:test"
REGION = "us-east-1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
QUEUES = ("dmpworks-dev", "dmpworks-dev-large")
TOOLS = ("podman", "debootstrap", "runc", "chroot", "tar")
FORGOTTEN = "until=168h"  # layers of builds that nothing was built on for a week

CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={processes}:{processes}"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{run}/libpod"
"""
STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{graph}"
runroot = "{run}"
"""


@dataclass(frozen=True)
class ContainerEngine:
    """podman, with settings, images and containers of its own."""

    environment: dict[str, str]
    cache: Path

    def podman(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a podman command; its words are shown when it fails and must not."""
        done = subprocess.run(
            ["podman", *arguments], env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(arguments)}: {(done.stdout + done.stderr)[-4000:]}")
        return done

    def run(self, *arguments: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """Run the image once and remove the container."""
        return self.podman("run", "--rm", "--pull=never", "--network=host", *arguments, check=check)

    def started(self, since: float) -> list[str]:
        """Return the names of the containers started since a time, in order."""
        seen = self.podman(
            "events", "--stream=false", f"--since={int(since)}", "--filter=event=start", "--format={{.Name}}"
        )
        return seen.stdout.split()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other test sessions from building at the same time."""
        with (self.cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True)
class Batch:
    """AWS as moto plays it: Batch that starts containers, S3, and what a client needs to reach them."""

    environment: dict[str, str]
    log: Path

    def client(self, service: str) -> Any:
        """Return a boto3 client of one of the services."""
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


@pytest.fixture(scope="session")
def container_engine() -> ContainerEngine:
    """podman, able to build Dockerfile.aws: the base image is there."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=SEARCH_PATH) is None]
    if missing:
        unavailable("the container image", f"{', '.join(missing)} not installed")
    if os.geteuid() != 0:
        unavailable("the container image", "debootstrap needs root")
    return open_engine()


@pytest.fixture(scope="session")
def dmpworks_image(container_engine: ContainerEngine) -> str:
    """The name of the image built from the checkout's Dockerfile.aws, as it is."""
    return build_image(container_engine)


@pytest.fixture(scope="session")
def batch(
    container_engine: ContainerEngine, dmpworks_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Batch]:
    """AWS Batch whose jobs are containers of the image: queues and definition of the deployment `dev` are there."""
    with running_batch(container_engine, dmpworks_image, tmp_path_factory.mktemp("batch")) as started:
        yield started


def open_engine() -> ContainerEngine:
    """Return podman with the base image; makes that unless it is there."""
    engine = _make_engine(_cache_folder())
    with engine.alone():
        make_base_image(engine.podman)
    return engine


def build_image(engine: ContainerEngine) -> str:
    """Build the image and return its name."""
    with engine.alone():
        engine.podman(
            *("build", "--pull=never", "--network=host", "--format=docker", "--layers"),
            *("--tag", IMAGE, "--file", str(CHECKOUT / "Dockerfile.aws"), str(CHECKOUT)),
        )
        engine.podman("image", "prune", "--force", "--filter", FORGOTTEN, check=False)
    return IMAGE


@contextmanager
def running_batch(engine: ContainerEngine, image: str, folder: Path) -> Iterator[Batch]:
    """Run moto and podman's service for it, with all that an account has before anything is submitted."""
    podman_socket, port = folder / "podman.sock", _free_port()
    aws = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    service = ["podman", "system", "service", "--time=0", f"unix://{podman_socket}"]
    moto = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    docker = {"DOCKER_HOST": f"unix://{podman_socket}", "MOTO_DOCKER_NETWORK_MODE": "host"}
    with (
        _running(service, engine.environment, folder / "podman.log", podman_socket.exists),
        _running(moto, os.environ | aws | docker, folder / "moto.log", lambda: _answers(port)),
    ):
        started = Batch(aws, folder / "moto.log")
        _register_image(started, image, engine.podman("image", "inspect", "--format={{.Digest}}", image).stdout.strip())
        _lay_out(started, image)
        yield started


def _lay_out(batch: Batch, image: str) -> None:
    """What an account has before anything is submitted: a role, machines, two queues, one definition."""
    role = batch.client("iam").create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client = batch.client("batch")
    machines = client.create_compute_environment(
        computeEnvironmentName="machines", type="UNMANAGED", state="ENABLED", serviceRole=role
    )["computeEnvironmentArn"]
    for queue in QUEUES:
        order = [{"order": 1, "computeEnvironment": machines}]
        client.create_job_queue(jobQueueName=queue, state="ENABLED", priority=1, computeEnvironmentOrder=order)
    environment = batch.environment | {"AWS_BATCH_JOB_ATTEMPT": "1"}  # as AWS Batch says; moto retries nothing
    client.register_job_definition(
        jobDefinitionName="dmpworks-dev",
        type="container",
        containerProperties={
            "image": image,
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "1024"}],
            "environment": [{"name": name, "value": value} for name, value in environment.items()],
        },
    )


def _register_image(batch: Batch, image: str, digest: str) -> None:
    """Tell the registry of the image, whose layers podman has: a submission asks whether it is there."""
    name, tag = image.partition("/")[2].split(":")
    ecr = batch.client("ecr")
    ecr.create_repository(repositoryName=name)
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST})
    ecr.put_image(repositoryName=name, imageTag=tag, imageManifest=manifest, imageDigest=digest)


def _make_engine(cache: Path) -> ContainerEngine:
    graph, run = cache / "graph", cache / "run"
    run.mkdir(parents=True, exist_ok=True)
    files, processes = (
        min(limit, hard) if hard != resource.RLIM_INFINITY else limit
        for limit, hard in ((20_000, _hard(resource.RLIMIT_NOFILE)), (16_384, _hard(resource.RLIMIT_NPROC)))
    )
    (cache / "containers.conf").write_text(CONTAINERS_CONF.format(files=files, processes=processes, run=run))
    (cache / "storage.conf").write_text(STORAGE_CONF.format(graph=graph, run=run))
    settings = {
        "CONTAINERS_CONF": str(cache / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(cache / "storage.conf"),
        "PATH": SEARCH_PATH,
    }
    return ContainerEngine(os.environ | settings, cache)


def _cache_folder() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = home / "dmpworks-tests" / "containers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _hard(which: int) -> int:
    return resource.getrlimit(which)[1]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    """Start a server, wait until it answers, and end it afterwards; fails with the tail of its log."""
    with log.open("w") as output:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while not ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(30)
