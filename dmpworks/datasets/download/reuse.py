"""Finds files that earlier executions of a download copied into the bucket, so that nothing is fetched twice.

Candidates are the files of this run's complete phase, those in the journal of an interrupted execution
(`<phase>/_copied.json`), and, for datasets that ask for it, those of the previous run. A file is reused if its content
is the expected one (same hash, or same ETag at the same address) and it is still in the bucket.
"""

import time
from collections import defaultdict

import msgspec

from dmpworks.datasets.download.checksums import Digest
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.run import Run

JOURNAL = "_copied.json"
SAVE_INTERVAL = 10.0  # seconds; earlier if the journal has grown by a tenth


class ReusableFiles:
    """Finds files that need not be fetched again."""

    def __init__(self, run: Run, *, previous: bool = False) -> None:
        self._bucket = run.bucket
        self._sizes: dict[str, dict[str, int]] = {}
        self._files: dict[str, list[File]] = defaultdict(list)
        for file in (*run.before(), *Journal(run).files, *(run.previous() if previous else ())):
            if file.origin:
                self._files[file.origin.name].append(file)

    def find(
        self, name: str, address: str, etag: str | None, digest: Digest | None, size: int | None = None
    ) -> File | None:
        """Return the file in the bucket with this content, compared by hash if one is known, else by ETag."""
        for file in self._files[name]:
            origin = file.origin
            assert origin
            same = origin.digest == str(digest) if digest else etag and (origin.address, origin.etag) == (address, etag)
            if same and not file.in_place and size in (None, file.size) and self._is_there(file):
                return file
        return None

    def reference(self, origin: Origin) -> File | None:
        """Return the checked entry of a file that stays at its source."""
        return next((file for file in self._files[origin.name] if file.in_place and file.origin == origin), None)

    def _is_there(self, file: File) -> bool:
        folder = phase_folder(*file.key.split("/")[:3])
        if folder not in self._sizes:
            self._sizes[folder] = dict(self._bucket.list(folder))
        return self._sizes[folder].get(file.key) == file.size


class Journal:
    """The files copied so far by a running execution; deleted when the phase gets its manifest."""

    def __init__(self, run: Run) -> None:
        self._bucket, self._key = run.bucket, f"{phase_folder(run.chain, run.run_id, run.job)}/{JOURNAL}"
        self._saved, self._saved_at = 0, time.monotonic()
        self.files = self._read()

    def _read(self) -> list[File]:
        """Return what was noted, of this chain: the manifest of the phase will list it."""
        try:
            noted = msgspec.json.decode(self._bucket.get(self._key), type=list[File])
        except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
            return []
        chain = self._key.split("/")[0]
        return [file for file in noted if file.key.startswith(f"{chain}/")]

    def note(self, file: File) -> None:
        """Add a file that is complete in the bucket; saves the journal at intervals."""
        self.files.append(file)
        grown = len(self.files) - self._saved
        if grown > self._saved / 10 or time.monotonic() - self._saved_at > SAVE_INTERVAL:
            self.save()

    def save(self) -> None:
        """Write the journal to the bucket if it has grown."""
        if self.files and len(self.files) > self._saved:
            self._bucket.put(self._key, msgspec.json.encode(self.files))
            self._saved, self._saved_at = len(self.files), time.monotonic()
