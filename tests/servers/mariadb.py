"""A MariaDB server for tests: its own data folder, a free loopback port, gone when the tests are over."""

import getpass
import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tests.servers import unavailable

SBIN = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"  # where servers lie is not always on a user's PATH
START_SECONDS = 60
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def mariadb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server, without a database: `mysql+pymysql://root@127.0.0.1:PORT`."""
    folder = tmp_path_factory.mktemp("mariadb")
    port = free_port()
    server = start(folder, port)
    try:
        wait_until_it_answers(server, port, folder / "log")
        yield f"mysql+pymysql://root@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.fixture
def mariadb_database(mariadb_url: str) -> str:
    """The address of a fresh, empty database on the server; it compares text as production does (`_ci`)."""
    name = f"dmptool_{next(NUMBERS)}"
    port = int(mariadb_url.rsplit(":", 1)[1])
    with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    return f"{mariadb_url}/{name}"


def start(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """Make the server's own tables and start it; what it says goes to `folder/log`."""
    log = (folder / "log").open("wb")
    user = f"--user={getpass.getuser()}"
    install = [program("mariadb-install-db"), "--no-defaults", f"--datadir={folder / 'data'}", user]
    install += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    if subprocess.run(install, stdout=log, stderr=log, check=False).returncode != 0:
        pytest.fail(f"mariadb-install-db failed:\n{tail(folder / 'log')}")
    server = [program("mariadbd"), "--no-defaults", user, f"--datadir={folder / 'data'}", f"--port={port}"]
    server += [f"--socket={folder / 's.sock'}", f"--pid-file={folder / 'pid'}", "--bind-address=127.0.0.1"]
    server += ["--innodb-flush-log-at-trx-commit=0", "--innodb-lock-wait-timeout=20"]
    return subprocess.Popen(server, stdout=log, stderr=log)


def wait_until_it_answers(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Return when a connection succeeds; fail with the log's tail when the server ends or takes too long."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=2).close()
            return
        except pymysql.err.OperationalError:
            time.sleep(0.1)
    server.kill()
    pytest.fail(f"MariaDB did not start:\n{tail(log)}")


def program(name: str) -> str:
    """Return the path of one of MariaDB's programs; skip the test where it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=SBIN)
    return found or unavailable("MariaDB", f"{name} is not installed (apt-get install mariadb-server)")


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
