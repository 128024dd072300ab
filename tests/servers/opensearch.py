"""A real OpenSearch server for tests, resolved from Maven and started as a plain Java main (`opensearch/OsNode.java`).

The jars are kept outside the checkout, in `~/.cache/dmpworks-tests/` (or below `XDG_CACHE_HOME`).
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.servers import unavailable

SOURCES = Path(__file__).parent / "opensearch"
OLDEST_JDK = 21
START_SECONDS = 120
MODULES = (
    "transport.Netty4ModulePlugin",
    "analysis.common.CommonAnalysisModulePlugin",
    "plugin.analysis.icu.AnalysisICUPlugin",
    "painless.PainlessModulePlugin",
    "index.reindex.ReindexModulePlugin",
    "join.ParentJoinModulePlugin",
    "index.mapper.MapperExtrasModulePlugin",
    "index.rankeval.RankEvalModulePlugin",
    "script.mustache.MustacheModulePlugin",
    "ingest.common.IngestCommonModulePlugin",
    "percolator.PercolatorModulePlugin",
)
RESOLVE = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


class Jdk(NamedTuple):
    """A Java development kit on this machine."""

    version: int
    home: Path


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running OpenSearch server of this session's own, empty at the start."""
    jdk = newest_jdk()
    if jdk is None:
        unavailable("OpenSearch", f"no JDK of {OLDEST_JDK} or newer in JAVA_HOME, /usr/lib/jvm or PATH")
    jars = _jars(jdk)
    with _running(jdk, jars, tmp_path_factory.mktemp("opensearch")) as url:
        yield url


def newest_jdk() -> Jdk | None:
    """Return the newest Java compiler's home that is new enough."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    javac = shutil.which("javac")
    if javac:
        homes.append(Path(javac).resolve().parent.parent)
    found = [Jdk(_version(home), home) for home in homes if (home / "bin" / "javac").exists()]
    return max((jdk for jdk in found if jdk.version >= OLDEST_JDK), default=None)


def _version(home: Path) -> int:
    answer = subprocess.run([home / "bin" / "javac", "-version"], capture_output=True, text=True, check=False)
    number = re.search(r"javac (\d+)", answer.stdout + answer.stderr)
    return int(number[1]) if number else 0


def _jars(jdk: Jdk) -> Path:
    """Resolve the server's jars once for all sessions and workers."""
    texts = b"".join(path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.is_file())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dmpworks-tests"
    jars = cache / f"opensearch-{hashlib.sha256(texts).hexdigest()[:12]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "opensearch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            fresh = jars.with_suffix(".part")
            shutil.rmtree(fresh, ignore_errors=True)
            _resolve(fresh)
            _compile(jdk, fresh)
            fresh.rename(jars)
    return jars


def _resolve(target: Path) -> None:
    mvn = shutil.which("mvn")
    if mvn is None:
        unavailable("OpenSearch", "Maven (mvn) is not installed")
    goal = [RESOLVE, f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    run = subprocess.run([mvn, "-B", "-q", *goal], cwd=SOURCES, capture_output=True, text=True, check=False)
    if run.returncode:
        unavailable("OpenSearch", f"Maven could not resolve it: {(run.stdout + run.stderr)[-2000:]}")


def _compile(jdk: Jdk, jars: Path) -> None:
    classes = jars / "classes"
    compiler = [str(jdk.home / "bin" / "javac"), "--release", str(OLDEST_JDK), "-cp", f"{jars}/*", "-d", str(classes)]
    subprocess.run([*compiler, str(SOURCES / "OsNode.java")], check=True)
    subprocess.run([jdk.home / "bin" / "jar", "cf", jars / "osnode.jar", "-C", classes, "."], check=True)


@contextmanager
def _running(jdk: Jdk, jars: Path, folder: Path) -> Iterator[str]:
    for name in ("home/config", "home/logs", "data", "tmp"):
        (folder / name).mkdir(parents=True)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            _command(jdk, jars, folder), stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        yield _wait(server, folder)
    finally:
        assert server.stdin is not None
        server.stdin.close()  # how it is told to end
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _command(jdk: Jdk, jars: Path, folder: Path) -> list[str]:
    # JDK 24 began to warn about what Lucene and Netty do with memory.
    unsafe = ["--sun-misc-unsafe-memory-access=allow"] if jdk.version >= 24 else []
    options = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC", "-DstdinEof=true", "-Dlog4j.shutdownHookEnabled=false"]
    options += [f"-Djava.io.tmpdir={folder}/tmp", "-Dmodules=" + ",".join(f"org.opensearch.{name}" for name in MODULES)]
    options += ["--enable-native-access=ALL-UNNAMED", *unsafe, "--add-modules=jdk.incubator.vector", "-cp", f"{jars}/*"]
    paths = [f"path.home={folder}/home", f"path.data={folder}/data", f"path.logs={folder}/home/logs"]
    network = ["network.host=127.0.0.1", "http.port=0", "transport.port=0", "node.portsfile=true"]
    cluster = ["cluster.name=test", "node.name=n1", "discovery.type=single-node", "node.processors=2"]
    disk = ["cluster.routing.allocation.disk.threshold_enabled=false"]
    return [str(jdk.home / "bin" / "java"), *options, "OsNode", *paths, *network, *cluster, *disk]


def _wait(server: subprocess.Popen[bytes], folder: Path) -> str:
    ports = folder / "home" / "logs" / "http.ports"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        if ports.exists() and (address := ports.read_text().strip()):
            url = f"http://{address.splitlines()[0]}"
            if _answers(url):
                return url
        time.sleep(0.1)
    tail = (folder / "server.log").read_text(errors="replace")[-4000:]
    pytest.fail(f"OpenSearch did not start within {START_SECONDS} s (exit code {server.poll()}):\n{tail}")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_cluster/health?wait_for_status=yellow", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
