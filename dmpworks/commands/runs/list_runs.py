"""`dmpworks runs list`: the runs of a bucket, the newest first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from dmpworks.catalog import CHAINS
from dmpworks.commands.shared.options import BucketName, day, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.errors import LedgerError, SettingsError
from dmpworks.formatting import NONE, duration, moment
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.state import JobState, RunState
from dmpworks.runs.ledger.store import AT_ONCE, Ledger, RunName, newest_runs, now
from dmpworks.runs.reports.metrics import read_run
from dmpworks.services.storage import Bucket

ListedStatus = Literal["running", "succeeded", "failed", "cancelled", "incomplete", "unreadable"]
Since = Annotated[str | None, Parameter(help="Only runs that began on this day (YYYY-MM-DD, UTC) or later.")]


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run in one line."""

    run: str
    status: str
    where: str | None = None
    began: datetime | None = None
    seconds: float | None = None
    done: int = 0  # jobs that succeeded
    jobs: int = 0
    job: str | None = None  # the first that failed, else that runs, else that was submitted
    job_status: str | None = None
    error: str | None = None  # why the ledger cannot be read
    by: str | None = None
    live: bool = False


def list_runs(
    chain: str | None = None,
    *,
    since: Since = None,
    status: Annotated[ListedStatus | None, Parameter(help="Only runs with this status.")] = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1), help="Runs to show.")] = 20,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Show the runs that the ledger knows, the newest first.

    Parameters
    ----------
    chain
        Only runs of this chain.
    """
    names = [chain.name for chain in CHAINS]
    if chain and chain not in names:
        raise SettingsError(f"there is no chain {chain}", on="the command line", next=f"one of {', '.join(names)}")
    first = day(since, "--since") if since else None
    _, bucket = open_project(bucket_name, env_file)
    lines = _lines(bucket, chain, first, status, limit)
    if as_json:
        print_json(lines)
    elif not lines:
        such = " like this" if since or status else ""
        print_lines(f"no runs{f' of {chain}' if chain else ''}{such} in {bucket.name}")
    else:
        _print(lines)


def _print(lines: list[Line]) -> None:
    columns = ("run", "status", "where", "began (UTC)", "took", "done", "job", "by")
    optional = ("by", "where", "job")
    shown = print_table(columns, map(_cells, lines), right=("took", "done"), whole=columns[:6], optional=optional)
    if "job" not in shown:  # the terminal is too narrow: what failed is said on lines of its own
        print_lines("", *(f"{line.run}: {_job(line)}" for line in lines if _job(line)))


def _lines(bucket: Bucket, chain: str | None, since: datetime | None, status: str | None, limit: int) -> list[Line]:
    """Return the newest runs that pass the filters; without filters only as many ledgers are read as are shown."""
    filtered = since is not None or status is not None
    with ThreadPoolExecutor(AT_ONCE) as pool:
        lines = list(pool.map(partial(_line, bucket), newest_runs(bucket, chain, None if filtered else limit)))
    wanted = [line for line in lines if status in (None, line.status)]
    return [line for line in wanted if since is None or (line.began and line.began >= since)][:limit]


def _line(bucket: Bucket, run: RunName) -> Line:
    """Return a run as one line; one with a damaged ledger is listed as unreadable and does not hide the others."""
    try:
        reading = read_run(Ledger(bucket, run), now())
    except LedgerError as error:
        return Line(run=str(run), status="unreadable", error=error.on)
    state = reading.state
    telling = _telling(state)
    return Line(
        run=str(run),
        status=state.status,
        where=state.newest.where if state.newest else None,
        began=state.began,
        seconds=reading.figures.seconds(now()) if state.began else None,
        done=sum(job.status == "succeeded" for job in state.jobs.values()),
        jobs=len(state.jobs),
        job=telling.name if telling else None,
        job_status=telling.status if telling else None,
        by=state.newest.by if state.newest else None,
        live=bool(state.live),
    )


def _telling(state: RunState) -> JobState | None:
    """Return the job that says most about the run: the first that failed, else that runs, else that was submitted."""
    jobs = [job for status in ("failed", "running", "submitted") for job in state.current if job.status == status]
    return jobs[0] if jobs else None


def _job(line: Line) -> str:
    return line.error or (f"{line.job} {line.job_status}" if line.job else "")


def _cells(line: Line) -> tuple[str, ...]:
    done = f"{line.done}/{line.jobs}"
    texts = (line.run, line.status, line.where, moment(line.began), duration(line.seconds), done, _job(line), line.by)
    return tuple(text or NONE for text in texts)
