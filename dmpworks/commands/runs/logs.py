"""`dmpworks runs logs RUN [JOB]`: read or follow the logs of jobs."""

import json
import sys
from typing import Annotated

from cyclopts import Parameter

from dmpworks.batch.monitor.context import RunContext, run_context
from dmpworks.batch.monitor.log_reader import LogReader
from dmpworks.batch.monitor.log_streams import LogPlace
from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.errors import JobError, SettingsError
from dmpworks.formatting import visible
from dmpworks.jobs.commands import COMMAND, EnvFile, Json
from dmpworks.runs.ledger.state import OVER, RunState
from dmpworks.runs.ledger.store import LATEST, Ledger, find_run
from dmpworks.runs.logs import Line

Follow = Annotated[bool, Parameter(group=COMMAND, negative=(), help="Continue until JOB, or else the run, is over.")]
Number = Annotated[int | None, Parameter(name="--attempt", group=COMMAND, help="Which attempt. [default: the newest]")]


def logs(
    run: str = LATEST,
    job: str | None = None,
    /,
    *,
    follow: Follow = False,
    attempt: Number = None,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Print the log of a job; without JOB, of the one that runs, else failed, else ran last.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID.
    job
        A job of the run.
    """
    settings, bucket = open_project(bucket_name, env_file)
    ledger = Ledger(bucket, find_run(bucket, run))
    context = run_context(ledger.state(), settings.aws_region)
    print_logs(ledger, context, job, attempt, follow=follow, as_json=as_json)


def print_logs(
    ledger: Ledger, context: RunContext, job: str | None, attempt: int | None, *, follow: bool, as_json: bool
) -> None:
    """Print lines to standard output, and to standard error the attempt that they belong to."""
    state = ledger.state()
    if job and job not in state.jobs:
        raise SettingsError(f"{state.name} has no job {job}", on="its ledger", next=f"one of {', '.join(state.jobs)}")
    reader = LogReader(ledger, context)
    said = None
    for place, line in reader.follow(job, attempt) if follow else reader.read(job, attempt):
        if not as_json and place != said:
            shard = "" if place.shard is None else f", shard {place.shard}"
            print(
                visible(f"==> {state.name} {place.job}{shard}, attempt {place.attempt} ({place.name})"), file=sys.stderr
            )
        said = place
        print(_as_json(place, line) if as_json else visible(line.text), flush=follow)
    if said is None:
        _print_why_empty(state, job, context, follow=follow)


def _print_why_empty(state: RunState, job: str | None, context: RunContext, *, follow: bool) -> None:
    """Say why there are no lines; raises JobError if the job has ended and CloudWatch has no stream of it."""
    jobs = [known for known in state.current if job in (None, known.name)]
    if not follow and context.logs and jobs and all(known.status in OVER for known in jobs):
        raise JobError(
            "CloudWatch has no lines of this log",
            on=f"{state.name} {job or ''}".strip(),
            next="its stream may have expired: check the retention of the log group, and AWS_REGION",
        )
    print(f"{state.name}: nothing was written{'' if follow else ' yet'}", file=sys.stderr)


def _as_json(place: LogPlace, line: Line) -> str:
    at = line.at.isoformat() if line.at else None
    return json.dumps({"job": place.job, "attempt": place.attempt, "at": at, "text": line.text})
