"""Which phases of old runs nothing needs any more, and their removal.

A phase is the output of one job of one run. It stays when its run is new, running, the newest complete one of its chain
or named in the settings of a new run; when a run that stays has read it; and when a manifest that stays lists a file
in its folder (later runs take over files of a download). The ledger of a run always stays.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from dmpworks.errors import LedgerError
from dmpworks.jobs.manifest import MANIFEST, STARTED, Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import run_id_setting
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, run_names, who
from dmpworks.runs.outputs import PRUNED, PrunedJobs, lacking, pruned_jobs
from dmpworks.services.storage import Bucket, Stored


class Phase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The output of one job of an old run; `needed` says why it stays, None that it may go."""

    run: str
    job: str
    ended: datetime
    bytes: int  # that its removal frees
    files: int
    needed: str | None = None


class StoredRun:
    """What the bucket holds of a run: its objects, and the manifest of each job that has one."""

    def __init__(self, bucket: Bucket, chain: Chain, run_id: str, stored: Sequence[Stored]) -> None:
        self.chain, self.name, self.stored = chain, RunName(chain.name, run_id), stored
        keys = {item.key for item in stored}
        folders = {job: phase_folder(chain.name, run_id, job) for job in chain.job_names}
        pairs = {job: read_manifest(bucket, at) for job, at in folders.items() if f"{at}/{MANIFEST}" in keys}
        self.manifests: dict[str, Manifest] = {job: pair[0] for job, pair in pairs.items() if pair}
        self.begun = any(f"{folder}/{STARTED}" in keys for folder in folders.values())

    @property
    def ended(self) -> datetime:
        """When its newest output was complete."""
        return max(manifest.ended for manifest in self.manifests.values())

    @property
    def complete(self) -> bool:
        """Whether every job of the chain has completed."""
        return self.manifests.keys() == set(self.chain.job_names)

    def folder(self, job: str) -> str:
        """Return the folder of a job's phase."""
        return phase_folder(*self.name, job)

    def objects(self, job: str) -> list[Stored]:
        """Return the objects that a job wrote: in its own folder, and in those that it declares."""
        folders = tuple(f"{self.folder(name)}/" for name in (job, *self.chain.job(job).folders))
        return [item for item in self.stored if item.key.startswith(folders)]


class Pruning:
    """Decides which phases of the runs of these chains may go.

    A run is old when `keep` newer ones of its chain have output and, with `before`, it ended before that moment.
    `needed` gives reasons to keep runs that only other parts of the system know; the runs of the chains in `whole` go
    with all their phases or stay with all.
    """

    def __init__(
        self,
        bucket: Bucket,
        chains: Sequence[Chain],
        *,
        keep: int,
        before: datetime | None = None,
        needed: Mapping[RunName, str] | None = None,
        whole: Collection[str] = (),
    ) -> None:
        self.bucket, self.chains, self._whole = bucket, chains, whole
        self.runs = {run.name: run for chain in chains for run in _stored_runs(bucket, chain)}
        self._old = {name for chain in chains for name in self._old_runs(chain, keep, before)}
        self._needed_runs = self._newest_complete() | self._by_ledgers() | dict(needed or {})

    @cached_property
    def phases(self) -> list[Phase]:
        """The phases of old runs."""
        needed = self._needed_phases()
        listed = self._listed(needed)
        found = []
        for name, job in self._old_phases():
            going = [] if (name, job) in needed else self._going(name, job, listed)
            found.append(
                Phase(
                    run=str(name),
                    job=job,
                    ended=self.runs[name].manifests[job].ended,
                    bytes=sum(item.size for item in going),
                    files=len(going),
                    needed=needed.get((name, job)),
                )
            )
        return found

    def remove(self, at: datetime) -> None:
        """Remove the phases that may go, each manifest last: what is interrupted is seen and removed the next time."""
        listed = self._listed(self._needed_phases())
        for name in sorted({phase.run for phase in self.phases if not phase.needed}):
            run = self.runs[RunName(*name.split("/"))]
            jobs = [phase.job for phase in self.phases if phase.run == name and not phase.needed]
            self._note(run.name, jobs, at)
            for job in jobs:
                keys = [item.key for item in self._going(run.name, job, listed)]
                self.bucket.delete(key for key in keys if not key.endswith(f"/{MANIFEST}"))
                self.bucket.delete([f"{run.folder(job)}/{MANIFEST}"])

    def _note(self, run: RunName, jobs: Iterable[str], at: datetime) -> None:
        note = PrunedJobs(at, who(), sorted({*pruned_jobs(self.bucket, run), *jobs}))
        self.bucket.put(f"{Ledger(self.bucket, run).folder}/{PRUNED}", msgspec.json.encode(note))

    def _old_runs(self, chain: Chain, keep: int, before: datetime | None) -> list[RunName]:
        newest = self._by_age(chain)
        return [run.name for run in newest[keep:] if before is None or run.ended < before]

    def _by_age(self, chain: Chain) -> list[StoredRun]:
        runs = [run for run in self.runs.values() if run.chain is chain and run.manifests]
        return sorted(runs, key=lambda run: run.ended, reverse=True)

    def _newest_complete(self) -> dict[RunName, str]:
        found = {}
        for chain in self.chains:
            for run in self._by_age(chain):
                files = (file for manifest in run.manifests.values() for file in manifest.files)
                if run.complete and not lacking(self.bucket, files):
                    found[run.name] = f"the newest complete run of {chain.name}"
                    break
        return found

    def _by_ledgers(self) -> dict[RunName, str]:
        """Return the runs that are under way, or that a run which is not old has in its settings."""
        found = {run.name: "a job of it began and has not ended" for run in self.runs.values() if run.begun}
        for name in run_names(self.bucket):
            try:
                state = Ledger(self.bucket, name).state()
            except LedgerError:
                found[name] = "its ledger cannot be read"
                continue
            if state.live:
                found[name] = "it is running"
            if state.live or name not in self._old:
                found |= dict.fromkeys(self._named_in(state), f"{name} reads it") | found
        return found

    def _named_in(self, state: RunState) -> Iterator[RunName]:
        settings = state.newest.settings if state.newest else {}
        for chain in self.chains:
            run_id = settings.get(run_id_setting(chain).variable)
            if run_id and chain.name != state.chain:
                yield RunName(chain.name, run_id)

    def _old_phases(self) -> list[tuple[RunName, str]]:
        return [(name, job) for name, run in self.runs.items() if name in self._old for job in run.manifests]

    def _needed_phases(self) -> dict[tuple[RunName, str], str]:
        """Return the phases of old runs that stay, and why; grows until what stays needs nothing more."""
        needed = self._read_by_others() | {
            (name, job): self._needed_runs[name] for name, job in self._old_phases() if name in self._needed_runs
        }
        while more := self._needed_by(needed):
            needed |= more
        return needed

    def _read_by_others(self) -> dict[tuple[RunName, str], str]:
        """Return the old phases that runs which stay have read."""
        stays = [run for name, run in self.runs.items() if name not in self._old or name in self._needed_runs]
        readers = {
            folder: f"{run.name} {job} has read it"
            for run in stays
            for job, manifest in run.manifests.items()
            for folder in manifest.inputs
        }
        folders = {(name, job): self.runs[name].folder(job) for name, job in self._old_phases()}
        return {phase: readers[folder] for phase, folder in folders.items() if folder in readers}

    def _needed_by(self, needed: Mapping[tuple[RunName, str], str]) -> dict[tuple[RunName, str], str]:
        """Return further old phases that stay because of those that do."""
        listed = self._listed(needed)
        found = {}
        for name, job in self._old_phases():
            if (name, job) in needed:
                continue
            folder = f"{self.runs[name].folder(job)}/"
            users = (user for key, user in listed.items() if key.startswith(folder))
            if user := next(users, None):
                found[name, job] = f"{user} lists files of it"
            elif name.chain in self._whole and any(other == name for other, _ in needed):
                found[name, job] = "another phase of the run is needed"
        return found

    def _listed(self, needed: Mapping[tuple[RunName, str], str]) -> dict[str, str]:
        """Return the files that the manifests which stay list, and whose manifest that is."""
        return {
            file.key: f"{name} {job}"
            for name, run in self.runs.items()
            for job, manifest in run.manifests.items()
            if name not in self._old or (name, job) in needed
            for file in manifest.files
        }

    def _going(self, name: RunName, job: str, listed: Mapping[str, str]) -> list[Stored]:
        return [item for item in self.runs[name].objects(job) if item.key not in listed]


def _stored_runs(bucket: Bucket, chain: Chain) -> list[StoredRun]:
    runs: dict[str, list[Stored]] = {}
    for item in bucket.list(chain.name):
        runs.setdefault(item.key.split("/")[1], []).append(item)
    return [StoredRun(bucket, chain, run_id, stored) for run_id, stored in runs.items()]
