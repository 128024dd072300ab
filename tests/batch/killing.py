"""A submitting process that is killed (SIGKILL) before its nth call, to AWS Batch or to the bucket."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dmpworks.services.storage import Bucket
from tests.batch.fake_jobs import Pages, model

# Not a plain fork: the object store's threads do not live on in a copy of this process.
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    ["boto3", "dmpworks.batch.submission.submit", "dmpworks.commands.runs.resume", "tests.batch.test_kill_matrix"]
)
model("batch")  # read once, before the processes part
OF_BUCKET = ("get", "put", "create", "list", "delete")
CALLS = "calls.txt"
PATIENCE = 120  # seconds


class Reaper:
    """Counts calls, notes each in a file, and kills this process before the one whose number has come (0: never)."""

    def __init__(self, folder: Path, number: int) -> None:
        self.notes, self.number, self.count = folder / CALLS, number, 0

    def before(self, call: str) -> None:
        self.count += 1
        if self.count == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        with self.notes.open("a") as file:
            file.write(f"{call}\n")

    def watching(self, call: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*values: Any, **request: Any) -> Any:
            self.before(call)
            return act(*values, **request)

        return watched


class WatchedClient:
    """A client of AWS Batch whose calls are counted."""

    def __init__(self, client: Any, reaper: Reaper) -> None:
        self.client, self.reaper = client, reaper

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            return lambda operation: Pages(getattr(self, operation))
        return self.reaper.watching(name, getattr(self.client, name))


class WatchedBucket(Bucket):
    """A bucket whose calls are counted."""

    reaper: Reaper

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in OF_BUCKET:
            return found
        return super().__getattribute__("reaper").watching(f"bucket {name}", found)


def watched(bucket: Bucket, reaper: Reaper) -> Bucket:
    made = WatchedBucket(bucket.name)
    made.reaper = reaper
    return made


def in_process(act: Callable[..., object], *values: Any) -> int:
    """Run something in a process of its own and return its exit code: -9 when it was killed."""
    process = SERVER.Process(target=act, args=values)
    process.start()
    process.join(PATIENCE)
    assert not process.is_alive(), f"{act.__name__} hangs"
    return process.exitcode


def calls_made(folder: Path) -> list[str]:
    return (folder / CALLS).read_text().splitlines()
