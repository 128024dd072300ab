"""Find faults in the ledger of a run, and repair them by appending events.

Existing events stay as they are, except that one which cannot be decoded, or contradicts those before it, is moved to
`set-aside/` below the run's ledger.
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
    "lost end",  # a job ended, and its end was not recorded
    "lost attempt",  # output of an attempt that the ledger does not know
    "unrecorded job",  # AWS Batch has a job that was never recorded
    "forgotten job",  # AWS Batch has forgotten it, after seven days
    "unknown job",  # AWS Batch does not list a job that it should know
    "broken off",  # a submission did not send all its jobs
    "missing output",
    "orphan files",
    "contradiction",
]
# Worth knowing, but no fault of the ledger: they do not affect the exit code.
NOTES: frozenset[Kind] = frozenset(("broken off", "orphan files"))
SET_ASIDE = "set-aside"
TAGS = {kind.__struct_config__.tag for kind in get_args(AnyEvent)}


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault of a ledger: `events` or `set_aside` repair it, else `next` says what a person can do."""

    run: str
    kind: Kind
    what: str
    events: tuple[AnyEvent, ...] = ()
    set_aside: str | None = None  # the key of an event
    next: str | None = None
    repaired: bool = msgspec.field(default=False, name="mended")

    @property
    def repairable(self) -> bool:
        """Whether `--repair` can repair it."""
        return bool(self.events or self.set_aside)


class Inspection:
    """Findings about one run so far, and its state as if they were repaired already."""

    def __init__(self, state: RunState, at: datetime, by: str) -> None:
        self.state, self.at, self.by = state, at, by
        self.findings: list[Finding] = []

    def repair(self, kind: Kind, what: str, *events: AnyEvent) -> None:
        """Add a finding that these events repair, or one for a person if they cannot follow."""
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
        """Add a finding that only a person can resolve."""
        self.findings.append(Finding(run=self.state.name, kind=kind, what=what, next=next))


def damaged_events(ledger: Ledger) -> list[Finding]:
    """Return a finding for each event that cannot be decoded, or cannot follow those before it."""
    folding = Folding(RunState(chain=ledger.run.chain, run_id=ledger.run.run_id))
    findings = []
    for key, _ in ledger.bucket.list(ledger.folder):
        if not KEY.fullmatch(key):
            continue
        data = ledger.bucket.get(key)
        try:
            event: AnyEvent = msgspec.json.decode(data, type=AnyEvent)
            folding.add(event)
        except (msgspec.DecodeError, LedgerError) as error:
            findings.append(_damaged(ledger.run, key, data, error))
    return findings


def _damaged(run: RunName, key: str, data: bytes, error: msgspec.DecodeError | LedgerError) -> Finding:
    if isinstance(error, LedgerError):
        return Finding(run=str(run), kind="damaged event", what=f"{key} contradicts: {error.on}", set_aside=key)
    what = f"{key} cannot be read: {error}"
    if _of_a_newer_version(data):
        return Finding(run=str(run), kind="damaged event", what=what, next="a newer dmpworks wrote it: update")
    return Finding(run=str(run), kind="damaged event", what=what, set_aside=key)


def _of_a_newer_version(data: bytes) -> bool:
    try:
        event = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return isinstance(event, dict) and isinstance(event.get("event"), str) and event["event"] not in TAGS


def check_outputs(inspection: Inspection, outputs: Outputs) -> None:
    """Compare the ledger with the output in the bucket: a manifest proves the end of an attempt that recorded none."""
    for manifest in sorted(outputs.manifests.values(), key=lambda each: each.started):
        _check_manifest(inspection, manifest)
    name = inspection.state.name
    resume = "dmpworks runs resume {} --start-job {}"
    for job, why in outputs.damaged.items():
        inspection.note("missing output", f"the manifest of {job} is damaged: {why}", resume.format(name, job))
    for job, why in outputs.lacking.items():
        inspection.note("missing output", f"{job} has lost output: {why}", resume.format(name, job))
    known = {*outputs.manifests, *outputs.damaged, *outputs.pruned}
    for job_state in inspection.state.jobs.values():
        if job_state.status == "succeeded" and job_state.name not in known and not outputs.empty:
            what = f"{job_state.name} succeeded, and its manifest is gone"
            inspection.note("missing output", what, resume.format(name, job_state.name))


def _check_manifest(inspection: Inspection, manifest: Manifest) -> None:
    job = inspection.state.jobs.get(manifest.job)
    attempts = job.attempts if job else ()
    attempt = next((known for known in attempts if known.token == manifest.attempt), None)
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
        what = f"{manifest.job} was completed by attempt {manifest.attempt}, which is not in the ledger"
        inspection.repair("lost attempt", what, begun, ended)
    elif attempt.ended is None:
        what = f"attempt {manifest.attempt} of {manifest.job} completed its output but could not record its end"
        inspection.repair("lost end", what, ended)


def check_orphan_files(inspection: Inspection, outputs: Outputs) -> None:
    """Report files that no manifest lists; not during the run, when they are still being written."""
    if not outputs.orphans or inspection.state.live:
        return
    total = size(sum(item.size for item in outputs.orphans))
    count = len(outputs.orphans)
    what = f"{count} file{'s' * (count > 1)} ({total}) that no manifest lists, such as {outputs.orphans[0].key}"
    inspection.note("orphan files", what, "its job deletes them when it completes again; or delete them by hand")


def check_vanished_jobs(inspection: Inspection, reason: str, kind: Kind) -> None:
    """Record the end of all live jobs of a run, for a reason that shows that none of them is running."""
    for job, event in zip(
        inspection.state.live, presumed_failures(inspection.state, reason, inspection.by), strict=True
    ):
        inspection.repair(kind, f"{job.name} is {job.status} according to the ledger: {reason}", event)


def check_unsent_jobs(inspection: Inspection) -> None:
    """Report jobs that were planned and never sent."""
    names = [job.name for job in inspection.state.current if job.status in ("planned", "withdrawn")]
    if names and not inspection.state.live:
        what = f"its newest submission was interrupted: {', '.join(names)} did not run"
        inspection.note("broken off", what, f"dmpworks runs resume {inspection.state.name}")


def apply_repair(ledger: Ledger, finding: Finding) -> Finding:
    """Repair a finding, if possible, and return it; raises LedgerError if the ledger has changed incompatibly."""
    if finding.set_aside:
        _set_aside(ledger, finding.set_aside)
    for event in finding.events:
        ledger.append(event)
    return replace(finding, repaired=finding.repairable)


def _set_aside(ledger: Ledger, key: str) -> None:
    """Move an event out of the ledger, under a key that holds part of its hash and is therefore unique."""
    data = ledger.bucket.get(key)
    number = key.rsplit("/", 1)[-1].removesuffix(".json")
    ledger.bucket.put(f"{ledger.folder}/{SET_ASIDE}/{number}-{hashlib.sha256(data).hexdigest()[:8]}.json", data)
    ledger.bucket.delete([key])
