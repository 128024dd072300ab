"""Earlier runs of a chain, which a run is compared with."""

from dmpworks.errors import LedgerError
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, run_names
from dmpworks.services.storage import Bucket

FEW = 10  # runs to judge what is usual by; older ones had less data and other machines


def earlier(bucket: Bucket, run: RunName, count: int = FEW) -> list[RunState]:
    """Return the states of earlier runs of the same chain, newest first; runs with a damaged ledger are left out."""
    names = [name for name in reversed(run_names(bucket, run.chain)) if name.run_id < run.run_id]
    readable = []
    for name in names[:count]:
        try:
            readable.append(Ledger(bucket, name).state())
        except LedgerError:
            continue
    return readable


def run_before(states: list[RunState]) -> RunName | None:
    """Return the first of these runs that succeeded, if any."""
    return next((RunName(state.chain, state.run_id) for state in states if state.status == "succeeded"), None)
