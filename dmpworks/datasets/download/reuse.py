"""What earlier executions of a download have brought into the bucket, so that nothing is fetched twice.

Known are the files of this run's complete phase, those that a killed execution noted in its journal
(`<phase>/_copied.json`), and those of the previous run, where the dataset wants these taken over. A file counts as held
when its content is the wanted one (the same hash, or the same ETag at the same address) and it still is in the bucket.
"""

import time
from collections import defaultdict

import msgspec

from dmpworks.datasets.download.checksums import Digest
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.run import Run

JOURNAL = "_copied.json"
OFTEN = 10.0  # seconds between two states of the journal, unless it has grown by a tenth


class Held:
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
        """Return the file in the bucket that holds this content, by hash where one is known, else by ETag."""
        for file in self._files[name]:
            origin = file.origin
            assert origin
            same = origin.digest == str(digest) if digest else etag and (origin.address, origin.etag) == (address, etag)
            if same and not file.in_place and size in (None, file.size) and self._is_there(file):
                return file
        return None

    def reference(self, origin: Origin) -> File | None:
        """Return the file that refers to this content where it lies."""
        return next((file for file in self._files[origin.name] if file.in_place and file.origin == origin), None)

    def _is_there(self, file: File) -> bool:
        folder = phase_folder(*file.key.split("/")[:3])
        if folder not in self._sizes:
            self._sizes[folder] = dict(self._bucket.list(folder))
        return self._sizes[folder].get(file.key) == file.size


class Journal:
    """The files of an execution under way; the phase's next manifest sweeps it away."""

    def __init__(self, run: Run) -> None:
        self._bucket, self._key = run.bucket, f"{phase_folder(run.chain, run.run_id, run.job)}/{JOURNAL}"
        self._saved, self._told = 0, time.monotonic()
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
        """Note a file that is in the bucket whole; written down now and then."""
        self.files.append(file)
        grown = len(self.files) - self._saved
        if grown > self._saved / 10 or time.monotonic() - self._told > OFTEN:
            self.save()

    def save(self) -> None:
        """Write the journal as it is now; none when nothing is noted."""
        if self.files and len(self.files) > self._saved:
            self._bucket.put(self._key, msgspec.json.encode(self.files))
            self._saved, self._told = len(self.files), time.monotonic()
