"""`dmpworks runs reconcile`: compare the ledger with AWS Batch and the bucket; `--repair` changes only the ledger."""

import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from cyclopts import Parameter
from msgspec.structs import replace

from dmpworks.batch.clients import batch_client
from dmpworks.batch.monitor.reconcile import Deployment, inspect
from dmpworks.batch.monitor.reconcile import repair as repair_ledger
from dmpworks.batch.submission.plan import chain_queues
from dmpworks.catalog import CHAINS
from dmpworks.commands.shared.options import BucketName, bucket_option, say_account, setting_sources
from dmpworks.commands.shared.tables import print_json, print_lines
from dmpworks.errors import LedgerError, PreflightError
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.locks import hold, holder
from dmpworks.runs.ledger.store import AT_ONCE, Ledger, RunName, find_run, now, run_names, who
from dmpworks.runs.outputs import runs_with_output
from dmpworks.runs.repair import NOTES, Finding
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.settings.declare import declared
from dmpworks.settings.resolve import Resolved, resolve
from dmpworks.settings.shared import Project, Submission

Repair = Annotated[
    bool, Parameter(name="--repair", negative=(), help="Repair the ledger; files and jobs stay as they are.")
]
NAMES = {chain.name for chain in CHAINS}
Offline = Annotated[bool, Parameter(name="--offline", negative=(), help="Do not ask AWS Batch.")]


def reconcile(
    run: str | None = None,
    /,
    *,
    repair: Repair = False,
    offline: Offline = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Compare the ledger with AWS Batch and the bucket; exit 1 if a fault remains.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID; without it every run.
    """
    values = resolve(
        [*declared(Project), *declared(Submission)], setting_sources(bucket_option(bucket_name), env_file), ""
    )
    bucket = open_bucket(values.project.bucket_name, values.project.aws_region)
    if not offline:
        say_account(values.project)
    deployment = None if offline or bucket.is_folder else _deployment(values)
    runs = [_named(bucket, run, deployment)] if run else _all_runs(bucket, deployment)
    inspected = _inspected(bucket, runs, deployment)
    if repair:
        inspected = [(name, _repaired(bucket, name, deployment, found)) for name, found in inspected]
    findings = [each for _, found in inspected for each in found]
    if deployment and deployment.skipped:
        _print_skipped(deployment.skipped)
    if as_json:
        print_json(findings)
    else:
        _print(findings, len(runs), asked=deployment is not None)
    if any(not each.repaired and each.kind not in NOTES for each in findings):
        sys.exit(1)


def _deployment(values: Resolved) -> Deployment:
    queues = {queue for chain in CHAINS for queue in chain_queues(chain, values)}
    project = values.project
    return Deployment(batch_client(project.aws_region, only_reads=True), project.env, queues, project.bucket_name)


def _named(bucket: Bucket, text: str, deployment: Deployment | None) -> RunName:
    """Return the named run; it needs no ledger if AWS Batch has jobs, or the bucket has output, of it."""
    chain, _, run_id = text.rpartition("/")
    run = RunName(chain, run_id)
    known = {*runs_with_output(bucket, {chain} & NAMES), *(deployment.runs if deployment else ())}
    return run if run in known else find_run(bucket, text)


def _all_runs(bucket: Bucket, deployment: Deployment | None) -> list[RunName]:
    return sorted({*run_names(bucket), *runs_with_output(bucket, NAMES), *(deployment.runs if deployment else ())})


def _inspected(
    bucket: Bucket, runs: Iterable[RunName], deployment: Deployment | None
) -> list[tuple[RunName, list[Finding]]]:
    def look(run: RunName) -> tuple[RunName, list[Finding]]:
        alone = holder(bucket, run.chain) is None
        return run, inspect(Ledger(bucket, run), deployment, now(), who(), alone=alone)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(look, runs))


def _repaired(bucket: Bucket, run: RunName, deployment: Deployment | None, found: list[Finding]) -> list[Finding]:
    """Inspect a run again under the lock of its chain, repair it, and return all findings, repaired or not."""
    if not any(each.repairable for each in found):
        return found
    try:
        with hold(bucket, run.chain, f"dmpworks runs reconcile {run} --repair"):
            return repair_ledger(Ledger(bucket, run), deployment, now(), who())
    except (PreflightError, LedgerError) as error:  # somebody is running on the chain, or was just now
        return [replace(each, next=f"{error.what} ({error.on}): {error.next}") for each in found]


def _print_skipped(skipped: Counter[str]) -> None:
    buckets = ", ".join(f"{count} of {bucket}" for bucket, count in sorted(skipped.items()))
    print(f"jobs of other buckets skipped: {buckets}", file=sys.stderr)


def _print(findings: list[Finding], runs: int, *, asked: bool) -> None:
    for each in findings:
        print_lines(f"{each.run}: {each.kind}{' (repaired)' if each.repaired else ''}: {each.what}")
        if each.next:
            print_lines(f"  next: {each.next}")
    count, left = len(findings), sum(each.repairable and not each.repaired for each in findings)
    about = "" if asked else "; AWS Batch was not asked"
    print_lines(f"{runs} run{'s' * (runs != 1)} examined{about}: {count or 'no'} finding{'s' * (count != 1)}")
    if left:
        print_lines(f"  next: repair {left} of them: dmpworks runs reconcile --repair")
