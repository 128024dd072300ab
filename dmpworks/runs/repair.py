"""What is not right in the ledger of a run, and the events that put it right: the ledger is mended by writing on.

Only an event that cannot be read, or contradicts those before it, is moved: to `set-aside/` below the run's ledger.
"""

import hashlib
from datetime import datetime
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from dmpworks.errors import LedgerError
from dmpworks.formatting import size
from dmpworks.jobs.manifest import Manifest
from dmpworks.runs.ledger.current import presumed_failures
from dmpworks.runs.ledger.events import AnyEvent, Ended, Started
from dmpworks.runs.ledger.fold import Folding, after
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import KEY, Ledger, RunName
from dmpworks.runs.outputs import Outputs

Kind = Literal[
    "damaged event",  # of the ledger
    "lost end",  # a job ended and its end was not recorded
    "lost attempt",  # output of an attempt that the ledger does not know
    "unrecorded job",  # AWS Batch has a job that was never recorded
    "forgotten job",  # by AWS Batch, after seven days
    "unknown job",  # AWS Batch does not list a job that it should know
    "broken off",  # a submission that did not send all its jobs
    "missing output",
    "orphan files",
    "contradiction",
]
# What is good to know, and no fault of the ledger.
NOTES: frozenset[Kind] = frozenset(("broken off", "orphan files"))
SET_ASIDE = "set-aside"
TAGS = {kind.__struct_config__.tag for kind in get_args(AnyEvent)}


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is not right; `events` or `set_aside` mend it, else `next` tells a person what to do."""

    run: str
    kind: Kind
    what: str
    events: tuple[AnyEvent, ...] = ()
    set_aside: str | None = None  # the key of an event
    next: str | None = None
    mended: bool = False

    @property
    def mendable(self) -> bool:
        """Whether `--repair` puts it right."""
        return bool(self.events or self.set_aside)


class Inspection:
    """Findings about one run so far, and its state as if they were mended already."""

    def __init__(self, state: RunState, at: datetime, by: str) -> None:
        self.state, self.at, self.by = state, at, by
        self.findings: list[Finding] = []

    def mend(self, kind: Kind, what: str, *events: AnyEvent) -> None:
        """Add a finding that these events put right."""
        state = self.state
        try:
            for event in events:
                state = after(state, event)
        except LedgerError as error:
            look = f"see: dmpworks runs show {state.name} --events"
            self.note("contradiction", f"{what}, which cannot be written: {error.on}", look)
            return
        self.state = state
        self.findings.append(Finding(run=state.name, kind=kind, what=what, events=events))

    def note(self, kind: Kind, what: str, next: str) -> None:
        """Add a finding for a person."""
        self.findings.append(Finding(run=self.state.name, kind=kind, what=what, next=next))


def damaged_events(ledger: Ledger) -> list[Finding]:
    """Return the events that cannot be read, or cannot follow those before them."""
    folding = Folding(RunState(chain=ledger.run.chain, run_id=ledger.run.run_id))
    found = []
    for key, _ in ledger.bucket.list(ledger.folder):
        if not KEY.fullmatch(key):
            continue
        data = ledger.bucket.get(key)
        try:
            event: AnyEvent = msgspec.json.decode(data, type=AnyEvent)
            folding.add(event)
        except (msgspec.DecodeError, LedgerError) as error:
            found.append(_damaged(ledger.run, key, data, error))
    return found


def _damaged(run: RunName, key: str, data: bytes, error: msgspec.DecodeError | LedgerError) -> Finding:
    if isinstance(error, LedgerError):
        return Finding(run=str(run), kind="damaged event", what=f"{key} contradicts: {error.on}", set_aside=key)
    what = f"{key} cannot be read: {error}"
    if _of_a_newer_version(data):
        return Finding(run=str(run), kind="damaged event", what=what, next="a newer dmpworks wrote it: update")
    return Finding(run=str(run), kind="damaged event", what=what, set_aside=key)


def _of_a_newer_version(data: bytes) -> bool:
    try:
        told = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return isinstance(told, dict) and isinstance(told.get("event"), str) and told["event"] not in TAGS


def from_outputs(inspection: Inspection, outputs: Outputs) -> None:
    """Hold the ledger against what lies in the bucket: a manifest tells of an attempt what it could not tell itself."""
    for manifest in sorted(outputs.manifests.values(), key=lambda each: each.started):
        _from_manifest(inspection, manifest)
    name = inspection.state.name
    again = "dmpworks runs resume {} --start-job {}"
    for job, why in outputs.damaged.items():
        inspection.note("missing output", f"the manifest of {job} is damaged: {why}", again.format(name, job))
    for job, why in outputs.lacking.items():
        inspection.note("missing output", f"{job} has lost output: {why}", again.format(name, job))
    known = {*outputs.manifests, *outputs.damaged}
    for job_state in inspection.state.jobs.values():
        if job_state.status == "succeeded" and job_state.name not in known and not outputs.empty:
            what = f"{job_state.name} succeeded, and its manifest is gone"
            inspection.note("missing output", what, again.format(name, job_state.name))


def _from_manifest(inspection: Inspection, manifest: Manifest) -> None:
    job = inspection.state.jobs.get(manifest.job)
    attempt = next((one for one in job.attempts if one.token == manifest.attempt), None) if job else None
    ended = Ended(
        at=manifest.ended,
        by=inspection.by,
        job=manifest.job,
        attempt=manifest.attempt,
        outcome="succeeded",
        counts=manifest.counts,
    )
    if attempt is None:
        begun = Started(at=manifest.started, by=inspection.by, job=manifest.job, attempt=manifest.attempt)
        what = f"{manifest.job} was completed by attempt {manifest.attempt}, which the ledger does not know"
        inspection.mend("lost attempt", what, begun, ended)
    elif attempt.ended is None:
        what = f"attempt {manifest.attempt} of {manifest.job} completed its output and could not write its end"
        inspection.mend("lost end", what, ended)


def from_orphans(inspection: Inspection, outputs: Outputs) -> None:
    """Tell of files that no manifest lists; not while the run is under way, when they are being written."""
    if not outputs.orphans or inspection.state.live:
        return
    total = size(sum(item.size for item in outputs.orphans))
    count = len(outputs.orphans)
    what = f"{count} file{'s' * (count > 1)} ({total}) that no manifest lists, such as {outputs.orphans[0].key}"
    inspection.note("orphan files", what, "they go away when their job completes again; or remove them by hand")


def from_silence(inspection: Inspection, reason: str, kind: Kind) -> None:
    """Write down that the jobs which the ledger thinks alive are not."""
    for job, event in zip(
        inspection.state.live, presumed_failures(inspection.state, reason, inspection.by), strict=True
    ):
        inspection.mend(kind, f"{job.name} is {job.status} according to the ledger: {reason}", event)


def from_gaps(inspection: Inspection) -> None:
    """Tell of jobs that were planned and never sent."""
    names = [job.name for job in inspection.state.current if job.status in ("planned", "withdrawn")]
    if names and not inspection.state.live:
        what = f"its newest submission broke off: {', '.join(names)} did not run"
        inspection.note("broken off", what, f"dmpworks runs resume {inspection.state.name}")


def put_right(ledger: Ledger, finding: Finding) -> Finding:
    """Mend what can be mended; raises LedgerError when the ledger has gone on meanwhile in another way."""
    if finding.set_aside:
        _set_aside(ledger, finding.set_aside)
    for event in finding.events:
        ledger.append(event)
    return replace(finding, mended=finding.mendable)


def _set_aside(ledger: Ledger, key: str) -> None:
    """Move an event out of the ledger, under a name that no other event set aside can have."""
    data = ledger.bucket.get(key)
    number = key.rsplit("/", 1)[-1].removesuffix(".json")
    ledger.bucket.put(f"{ledger.folder}/{SET_ASIDE}/{number}-{hashlib.sha256(data).hexdigest()[:8]}.json", data)
    ledger.bucket.delete([key])
