"""A fake AWS Batch that several processes share."""

import fcntl
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import Pages


class StoredBatch:
    """A FakeBatch in a file, for several processes: each call opens it, acts and writes it back, one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, batch: FakeBatch) -> "StoredBatch":
        path.write_bytes(pickle.dumps(batch))
        return cls(path)

    def load(self) -> FakeBatch:
        """Return a copy to look at."""
        return pickle.loads(self.path.read_bytes())  # type: ignore[no-any-return]

    def get_paginator(self, operation: str) -> Pages:
        return Pages(getattr(self, operation))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*values: Any, **request: Any) -> Any:
            with self.path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                batch = pickle.load(file)
                try:
                    return getattr(batch, name)(*values, **request)
                finally:
                    file.seek(0)
                    pickle.dump(batch, file)
                    file.truncate()
                    file.flush()

        if name.startswith("_"):
            raise AttributeError(name)
        return call
