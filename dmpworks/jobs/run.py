"""The run as a job sees it: what it may read, where it writes, and a list of all it wrote."""

import re
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dmpworks.errors import JobError
from dmpworks.formatting import visible, without_secrets
from dmpworks.jobs.manifest import MANIFEST, STARTED, UPLOADED, File, Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import WHOLE, Reads, Shard
from dmpworks.jobs.newest import ANY_RUN, newest_manifest
from dmpworks.services.storage import Bucket, Openable
from dmpworks.settings.declare import Upload

__all__ = ["File", "Phase", "Run"]

UPLOAD_PHASE = "download"  # the folder of a run id that people upload into
LARGEST_CONTENT = 256 * 1024 * 1024  # bytes of a file that is read whole; the index of Crossref's tar has some 3 MB
SUFFIXES = re.compile(r"((?:\.[A-Za-z][A-Za-z0-9]*){0,2})$")


@dataclass(frozen=True)
class Phase:
    """What a job of a run wrote, or a person uploaded (then there is no manifest)."""

    folder: str
    files: tuple[File, ...]
    manifest: Manifest | None
    bucket: Bucket
    scratch: Path

    def local(self, file: File) -> Path:
        """Return a path on disk with the file's content: in place for a folder bucket, else a copy in scratch."""
        return self.bucket.local(file.key, self.scratch / "inputs")

    def opened(self, file: File) -> Openable:
        """Return the file to be read in place in the bucket."""
        return self.bucket.opened(file.key)

    def content(self, file: File) -> bytes:
        """Return a small file whole."""
        opened = self.opened(file)
        if opened.stat().st_size > LARGEST_CONTENT:
            raise JobError(
                "a file is too large for what it should be",
                on=f"{self.bucket.name}: {file.key}: more than {LARGEST_CONTENT:,} bytes",
                next="run the job that wrote it again, then this",
            )
        with opened.open("rb") as stream:
            return bytes(stream.read())


@dataclass
class Run:
    """One execution of one job: its identity, its inputs so far, and its outputs so far."""

    chain: str
    job: str
    run_id: str
    env: str
    bucket: Bucket
    scratch: Path
    region: str | None = None
    shard: Shard = WHOLE
    terminal: int | None = None  # its descriptor, where somebody watches who does not see standard error
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    reads: dict[str, tuple[Reads, str]] = field(default_factory=dict)  # by chain: what is read of it, of which run
    settings: dict[str, Any] = field(default_factory=dict)  # by variable: what the fingerprint in the manifest is of
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: list[File] = field(default_factory=list)

    def phase(self, dataset: str, run_id: str, phase: str) -> Phase:
        """Return a phase to read and note it as an input; raises JobError when it is missing or was never finished."""
        found = find_phase(self.bucket, phase_folder(dataset, run_id, phase))
        if found is None:
            raise missing_phase(self.bucket, dataset, run_id, phase)
        return self._input(phase_folder(dataset, run_id, phase), found)

    def dataset(self, chain: str) -> Phase:
        """Return what this job reads of another chain, as declared; raises JobError when it is missing."""
        reads, run_id = self.reads[chain]
        return self.phase(chain, run_id, reads.job)

    def upload(self, upload: Upload, run_id: str) -> Phase:
        """Return what people have uploaded, and note it as an input; raises JobError when nothing is there."""
        folder = phase_folder(upload.dataset, run_id, UPLOAD_PHASE)
        found = find_phase(self.bucket, folder)
        if found is None:
            raise JobError(
                f"no {upload.what} were uploaded",
                on=f"{self.bucket.name}: {folder}/",
                next=f"upload the export there, or set {upload.dataset.upper()}_RUN_ID",
            )
        return self._input(folder, found)

    def _input(self, folder: str, found: "Found") -> Phase:
        self.inputs[folder] = found.digest
        if found.manifest is None:
            self.progress(f"{folder} has no manifest: taken as uploaded by hand, {len(found.files)} files")
        return Phase(folder, found.files, found.manifest, self.bucket, self.scratch)

    def newest(self, chain: str, job: str) -> Phase:
        """Return what the newest run of a chain wrote in a job, and note it as an input; raises JobError without one.

        The input is noted for any run, so that the output made from it is stale as soon as another run is the newest.
        """
        found = find_phase(self.bucket, phase_folder(chain, ANY_RUN, job))
        if found is None or found.manifest is None:
            raise JobError(
                f"no run of {chain} has completed the job {job}",
                on=f"{self.bucket.name}: {phase_folder(chain, ANY_RUN, job)}/{MANIFEST}",
                next=f"run it first: dmpworks run {chain} (or batch-submit)",
            )
        self.inputs[phase_folder(chain, ANY_RUN, job)] = found.digest
        folder = phase_folder(chain, found.manifest.run_id, job)
        return Phase(folder, found.files, found.manifest, self.bucket, self.scratch)

    def earlier(self, job: str) -> Phase:
        """Return what another job of this run wrote."""
        return self.phase(self.chain, self.run_id, job)

    def before(self) -> tuple[File, ...]:
        """Return what this job wrote when it last ended well in this run."""
        return self._written(self.run_id)

    def previous(self) -> tuple[File, ...]:
        """Return what this job wrote in the newest run before this one that has ended well."""
        runs = (run_id for run_id in reversed(self.bucket.folders(self.chain)) if run_id < self.run_id)
        return next((files for files in map(self._written, runs) if files), ())

    def _written(self, run_id: str) -> tuple[File, ...]:
        try:
            found = read_manifest(self.bucket, phase_folder(self.chain, run_id, self.job))
        except JobError as error:  # a damaged manifest says nothing; what it listed is made again
            self.progress(f"{error.what}: {error.on}")
            return ()
        return found[0].files if found else ()

    def key(self, name: str, folder: str | None = None) -> str:
        """Return the key of an output: the token in its name keeps this execution's files apart from all others'."""
        stem = SUFFIXES.sub("", name)
        return f"{self.chain}/{self.run_id}/{folder or self.job}/{stem}-{self.token}{name[len(stem) :]}"

    def publish(
        self, path: Path, name: str, rows: int | None = None, folder: str | None = None, sha256: str | None = None
    ) -> File:
        """Upload a local file as an output and list it."""
        key = self.key(name, folder)
        file = File(key, self.bucket.upload(path, key), rows, sha256=sha256)
        self.record(file)
        return file

    def record(self, file: File) -> None:
        """List an output that is in the bucket already."""
        self.outputs.append(file)

    def progress(self, text: str) -> None:
        """Say one line about how the job goes."""
        # with its line end in one write: lines of several processes do not run into each other in a log
        print(visible(without_secrets(f"{self.chain} {self.job}: {text}\n")), end="", file=sys.stderr, flush=True)


class Found(NamedTuple):
    """A readable phase: its files, its manifest and that manifest's digest."""

    files: tuple[File, ...]
    manifest: Manifest | None
    digest: str


def find_phase(bucket: Bucket, folder: str) -> Found | None:
    """Return what is readable of a phase; None when there is nothing, or only what a killed job left."""
    chain, run_id, job = folder.split("/", 2)
    if run_id == ANY_RUN:
        newest = newest_manifest(bucket, chain, job)
        return Found(newest[0].files, *newest) if newest else None
    found = read_manifest(bucket, folder)
    if found:
        return Found(found[0].files, *found)
    stored = bucket.list(folder)
    if not stored or any(item.key.endswith(f"/{STARTED}") for item in stored):
        return None
    # What begins with an underscore is no data: notes that an execution keeps for the next.
    data = tuple(File(key, size) for key, size in stored if not key.removeprefix(f"{folder}/").startswith("_"))
    return Found(data, None, UPLOADED) if data else None


def missing_phase(bucket: Bucket, dataset: str, run_id: str, phase: str) -> JobError:
    """Return the error that says which input is not there, and how to make it."""
    folder = phase_folder(dataset, run_id, phase)
    killed = bucket.exists(f"{folder}/{STARTED}")
    return JobError(
        f"the job {phase} of {dataset} {run_id} {'was never finished' if killed else 'has not run'}",
        on=f"{bucket.name}: {folder}/{MANIFEST} does not exist",
        next=f"dmpworks run {dataset} --run-id {run_id} --start-job {phase} (or batch-submit), then this again",
    )
