"""`dmpworks runs prune`: remove the output of old runs that nothing needs any more."""

from contextlib import ExitStack
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from dmpworks.catalog import CHAINS
from dmpworks.chains.process_works import sync_state
from dmpworks.commands.shared.options import BucketName, day, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.formatting import size
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.locks import hold
from dmpworks.runs.ledger.store import RunName, now
from dmpworks.runs.prune import Phase, Pruning
from dmpworks.services.storage import Bucket

Keep = Annotated[int, Parameter(validator=Number(gte=1), help="How many of the newest runs of each chain stay.")]
Before = Annotated[str | None, Parameter(help="Only runs whose output ended before this day (YYYY-MM-DD, UTC).")]
Yes = Annotated[bool, Parameter(negative=(), help="Remove it. Without this, only show what would be removed.")]


def prune(
    *,
    keep: Keep = 3,
    before: Before = None,
    yes: Yes = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Show the output of old runs and its size; with --yes, remove what nothing needs.

    What a newer run has read, the works index needs, or belongs to the newest complete run of a chain stays, and so do
    uploaded files and the record of every run.
    """
    _, bucket = open_project(bucket_name, env_file)
    limit = day(before, "--before") if before else None
    with ExitStack() as locks:
        if yes:  # nothing may begin to read what is being removed
            for chain in CHAINS:
                locks.enter_context(hold(bucket, chain.name, "dmpworks runs prune"))
        pruning = Pruning(
            bucket, CHAINS, keep=keep, before=limit, needed=_needed_by_index(bucket), whole=(sync_state.CHAIN,)
        )
        if yes:
            pruning.remove(now())
    if as_json:
        print_json({"removed": yes, "phases": pruning.phases})
        return
    again = f"dmpworks runs prune --keep {keep}{f' --before {before}' if before else ''} --yes"
    _print(pruning.phases, removed=yes, again=again)


def _needed_by_index(bucket: Bucket) -> dict[RunName, str]:
    """Return the runs that say what the works index holds: the last sync's, and those whose changes it may hold."""
    unsynced = [manifest.run_id for manifest in sync_state.unsynced_transforms(bucket)]
    needed = {RunName(sync_state.CHAIN, run_id): "no sync has applied its changes" for run_id in unsynced}
    if last := sync_state.last_sync(bucket):
        needed[RunName(sync_state.CHAIN, last[0].run_id)] = "the works index was last synced from it"
    return needed


def _print(phases: list[Phase], *, removed: bool, again: str) -> None:
    going = [phase for phase in phases if not phase.needed]
    if not phases:
        print_lines("no run is old: nothing to remove")
        return
    rows = [(f"{phase.run} {phase.job}", size(phase.bytes), phase.needed or _fate(removed)) for phase in phases]
    print_table(("output", "size", ""), rows, right=("size",))
    total = f"{len(going)} of {len(phases)} phases, {size(sum(phase.bytes for phase in going))}"
    if removed or not going:
        print_lines("", f"removed: {total}" if removed else "everything is needed: nothing to remove")
    else:
        print_lines("", f"would be removed: {total}. Nothing was removed.", f"next: {again}")


def _fate(removed: bool) -> str:
    return "removed" if removed else "can be removed"
