"""`dmpworks runs cancel RUN`: cancel a run, on AWS Batch or on this machine."""

import json
import os
import signal
import socket
import sys
from typing import Annotated

from cyclopts import Parameter

from dmpworks.batch.monitor.cancel import Cancellation
from dmpworks.batch.monitor.context import RunContext, run_context
from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.errors import JobError, PreflightError
from dmpworks.formatting import visible
from dmpworks.jobs.commands import COMMAND, EnvFile, Json
from dmpworks.runs.ledger.current import PROCESS_GONE, process_of
from dmpworks.runs.ledger.events import Cancelling, Observed
from dmpworks.runs.ledger.locks import Lock, hold
from dmpworks.runs.ledger.state import LIVE, RunState
from dmpworks.runs.ledger.store import LATEST, Ledger, find_run, who

Yes = Annotated[bool, Parameter(name="--yes", group=COMMAND, negative=(), help="Cancel the latest run without asking.")]
POLL = 0.5  # seconds between two checks whether a local run has ended


def cancel(
    run: str = LATEST,
    /,
    *,
    yes: Yes = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Cancel a run: terminate its jobs from the last to the first, and wait until all have ended.

    Parameters
    ----------
    run
        CHAIN/RUN-ID; latest and CHAIN/latest have to be confirmed.
    """
    settings, bucket = open_project(bucket_name, env_file)
    ledger = Ledger(bucket, find_run(bucket, run))
    before = ledger.state()
    if run != str(ledger.run) and not yes:
        confirm(before)
    state = end(ledger, run_context(before, settings.aws_region))
    if as_json:
        jobs = {job.name: job.status for job in state.current}
        print(json.dumps({"run": state.name, "status": state.status, "jobs": jobs}))
        return
    for job in state.current:
        print(f"{state.name} {job.name}: {job.status}")


def confirm(state: RunState) -> None:
    """Ask whether to cancel the run that `latest` means; raises PreflightError unless the answer is yes.

    A job of twenty hours is not to be lost because somebody else has begun a newer run.
    """
    jobs = ", ".join(job.name for job in state.live) or "no live job"
    by = f" by {state.newest.by}" if state.newest else ""
    print(f"{state.name}, {state.status}, submitted{by}: {jobs}", file=sys.stderr)
    if sys.stdin and sys.stdin.isatty():
        print("cancel it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise PreflightError(
        "nothing was cancelled",
        on=f"{state.name} is the latest run, and nobody has confirmed that it is meant",
        next=f"dmpworks runs cancel {state.name}",
    )


def end(ledger: Ledger, context: RunContext) -> RunState:
    """Cancel a run and return its state once every job has ended; raises JobError if it runs on another machine."""
    if context.batch:
        return _end_on_batch(ledger, context)
    if lock := process_of(ledger):
        return _end_process(ledger, context, lock)
    return _end_abandoned(ledger, context)


def _end_on_batch(ledger: Ledger, context: RunContext) -> RunState:
    assert context.batch
    cancellation = Cancellation(context.batch, ledger, context.clock)
    with hold(ledger.bucket, ledger.run.chain, f"dmpworks runs cancel {ledger.run}") as held:
        names = cancellation.terminate_jobs(held)
        _say(f"{ledger.run}: terminating {', '.join(names)}" if names else f"{ledger.run}: no job is live")
        return cancellation.wait(context.sleep)


def _end_process(ledger: Ledger, context: RunContext, lock: Lock) -> RunState:
    """Interrupt the process that runs the chain on this machine, as Ctrl-C does; it records how its jobs ended."""
    if lock.host != socket.gethostname():
        raise JobError(
            f"{ledger.run} runs on another machine",
            on=f"{lock.owner}, process {lock.pid}",
            next=f"there: dmpworks runs cancel {ledger.run}",
        )
    _announce(ledger, context)
    try:
        os.kill(lock.pid, signal.SIGTERM)
    except ProcessLookupError:  # it ended just now
        return ledger.state()
    except PermissionError as error:
        raise JobError(
            f"the process of {ledger.run} belongs to somebody else",
            on=f"{lock.owner}, process {lock.pid}",
            next=f"as {lock.owner.partition('@')[0]}: dmpworks runs cancel {ledger.run}",
        ) from error
    _say(f"{ledger.run}: terminating process {lock.pid}")
    while (now := process_of(ledger)) and (now.pid, now.taken) == (lock.pid, lock.taken):
        context.sleep(POLL)
    return ledger.state()


def _end_abandoned(ledger: Ledger, context: RunContext) -> RunState:
    """Record the end of a local run whose process is gone."""
    with hold(ledger.bucket, ledger.run.chain, f"dmpworks runs cancel {ledger.run}"):
        state = ledger.state()
        live = [job.name for job in state.live]
        if not live:
            _say(f"{ledger.run}: no job is live")
            return state
        _announce(ledger, context)
        for name in (job.name for job in state.current if job.status in LIVE | {"planned"}):
            state = ledger.append(
                Observed(at=context.clock(), by=who(), job=name, state="cancelled", reason=PROCESS_GONE)
            )
        return state


def _announce(ledger: Ledger, context: RunContext) -> None:
    state = ledger.state()
    if state.newest and state.newest.submission not in state.cancelling:
        ledger.append(Cancelling(at=context.clock(), by=who(), submission=state.newest.submission))


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr)
