"""`dmpworks runs list`: the runs of a bucket, the newest first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from dmpworks.catalog import CHAINS
from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.errors import LedgerError, SettingsError
from dmpworks.formatting import NONE, duration, moment
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import AT_ONCE, Ledger, RunName, newest_runs, now
from dmpworks.services.storage import Bucket


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run in one line."""

    run: str
    status: str
    where: str | None = None
    began: datetime | None = None
    seconds: float | None = None
    jobs: str = ""
    by: str | None = None
    live: bool = False


def list_runs(
    chain: str | None = None,
    /,
    *,
    limit: Annotated[int, Parameter(validator=Number(gte=1), help="Runs to show.")] = 20,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Show the runs recorded in the ledger, the newest first.

    Parameters
    ----------
    chain
        Only runs of this chain.
    """
    names = [known.name for known in CHAINS]
    if chain and chain not in names:
        raise SettingsError(f"there is no chain {chain}", on="the command line", next=f"one of {', '.join(names)}")
    _, bucket = open_project(bucket_name, env_file)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lines = list(pool.map(partial(_line, bucket), newest_runs(bucket, chain, limit)))
    if as_json:
        print_json(lines)
    elif not lines:
        print_lines(f"no runs{f' of {chain}' if chain else ''} in {bucket.name}")
    else:
        columns = ("run", "status", "where", "began (UTC)", "took", "jobs", "by")
        print_table(columns, map(_cells, lines), right=("took",))


def _line(bucket: Bucket, run: RunName) -> Line:
    """Return a run as one line; one with a damaged ledger is listed as unreadable and does not hide the others."""
    try:
        state = current_state(Ledger(bucket, run)).state
    except LedgerError as error:
        return Line(run=str(run), status="unreadable", jobs=error.on)
    live = bool(state.live)
    end = now() if live else max((job.ended for job in state.jobs.values() if job.ended), default=state.changed)
    return Line(
        run=str(run),
        status=state.status,
        where=state.newest.where if state.newest else None,
        began=state.began,
        seconds=(end - state.began).total_seconds() if end and state.began else None,
        jobs=_jobs(state),
        by=state.newest.by if state.newest else None,
        live=live,
    )


def _jobs(state: RunState) -> str:
    done = sum(job.status == "succeeded" for job in state.jobs.values())
    count = f"{done} of {len(state.jobs)}"
    for status, word in (("failed", "failed"), ("running", "running"), ("submitted", "waiting")):
        names = [job.name for job in state.current if job.status == status]
        if names:
            return f"{count}, {names[0]} {word}"
    return count


def _cells(line: Line) -> tuple[str, ...]:
    texts = (line.run, line.status, line.where, moment(line.began), duration(line.seconds), line.jobs, line.by)
    return tuple(text or NONE for text in texts)
