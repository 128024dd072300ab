"""`dmpworks runs watch RUN`: follow a run until it is over."""

import sys

from dmpworks.batch.costs import usual_seconds
from dmpworks.batch.monitor.context import RunContext, run_context
from dmpworks.batch.monitor.failures import explain_failures
from dmpworks.batch.monitor.watch import Pace, Snapshot, Watch
from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.commands.shared.watch_views import Screen, screen
from dmpworks.errors import TemporaryError
from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.history import earlier
from dmpworks.runs.ledger.store import LATEST, Ledger, RunName, find_run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import Project


def watch(
    run: str = LATEST, /, *, bucket_name: BucketName = None, env_file: EnvFile = None, as_json: Json = False
) -> None:
    """Follow a run until it is over; exit 0 done, 1 failed, 3 stuck, 4 cancelled, 130 detached by Ctrl-C.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID.
    """
    settings, bucket = open_project(bucket_name, env_file)
    if code := follow(bucket, find_run(bucket, run), settings, as_json=as_json):
        sys.exit(code)


def follow(bucket: Bucket, run: RunName, settings: Project, *, as_json: bool) -> int:
    """Follow a run until it is over and return the exit code of the watch."""
    ledger = Ledger(bucket, run)
    here = run_context(ledger.state(), settings.aws_region)
    return follow_on(ledger, here, screen(as_json=as_json, clock=here.clock))


def follow_on(ledger: Ledger, context: RunContext, shown: Screen) -> int:
    """Follow a run on a screen and return the exit code; Ctrl-C detaches, and the run continues."""
    try:
        last = _watch(ledger, context, shown)
    except KeyboardInterrupt:
        shown.close()
        shown.say(
            f"detached: {ledger.run} continues",
            f"  follow it: dmpworks runs watch {ledger.run}",
            f"  cancel it: dmpworks runs cancel {ledger.run}",
        )
        return ExitCode.INTERRUPTED
    finally:
        shown.close()
    _conclude(ledger, context, shown, last)
    return last.code or ExitCode.DONE


def _watch(ledger: Ledger, context: RunContext, shown: Screen) -> Snapshot:
    """Take snapshots until the watch can end; temporary errors of AWS are shown once, and waited for."""
    watched, pace = Watch(ledger, context.batch, _usual(ledger), context.clock), Pace.of(context.batch)
    before, trouble = None, None
    while True:
        try:
            now = watched.look()
        except TemporaryError as error:
            if error.what != trouble:
                shown.say(f"{error.what}: trying again ({error.on})")
            trouble = error.what
            context.sleep(pace.after(changed=False))
            continue
        trouble = None
        shown.show(now)
        if now.code is not None:
            return now
        context.sleep(pace.after(changed=before is None or now.statuses != before.statuses))
        before = now


def _usual(ledger: Ledger) -> dict[str, float]:
    """Return the usual seconds of each job, from earlier runs."""
    runs = earlier(ledger.bucket, ledger.run)
    seconds = {job: usual_seconds(runs, job) for job in {job for run in runs for job in run.jobs}}
    return {job: usual for job, usual in seconds.items() if usual is not None}


def _conclude(ledger: Ledger, context: RunContext, shown: Screen, last: Snapshot) -> None:
    run = ledger.run
    if last.code == ExitCode.STUCK and last.stuck:
        shown.say(f"{run} is stuck: {last.stuck.what}", f"  next: {last.stuck.next}")
        shown.say(
            "  its jobs still wait in the queue, and continue once that is fixed", f"  or: dmpworks runs cancel {run}"
        )
    elif last.code == ExitCode.CANCELLED:
        shown.say(f"{run} was cancelled", f"  next: dmpworks runs resume {run}")
    elif last.code == ExitCode.FAILED:
        shown.explain(explain_failures(ledger, context))
        if last.why:
            shown.say(f"{run}: {last.why}")
    else:
        shown.say(f"{run} succeeded")
