"""The runs of a chain before one: what its figures are held against."""

from dmpworks.errors import LedgerError
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, run_names
from dmpworks.services.storage import Bucket

FEW = 10  # runs that say what is usual: data grow, machines change


def earlier(bucket: Bucket, run: RunName, count: int = FEW) -> list[RunState]:
    """Return the runs of the same chain before this one, the newest first; a damaged ledger is passed over."""
    names = [name for name in reversed(run_names(bucket, run.chain)) if name.run_id < run.run_id]
    found = []
    for name in names[:count]:
        try:
            found.append(Ledger(bucket, name).state())
        except LedgerError:
            continue
    return found


def run_before(states: list[RunState]) -> RunName | None:
    """Return the newest of these runs that succeeded, if any."""
    return next((RunName(state.chain, state.run_id) for state in states if state.status == "succeeded"), None)
