"""A server that never comes to an end: what asks it can be caught, and killed, in the middle of its work."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def endless() -> Iterator[str]:
    """Address of a server that sends one byte of a zip and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_hold, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/ror.zip"


def _hold(server: socket.socket) -> None:
    connections = []
    with contextlib.suppress(OSError):
        while True:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nP")
            connections.append(connection)
