"""`dmpworks batch-submit CHAIN`: the submission of one chain, shown or sent."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpworks.batch.costs import Estimate, estimate, prices, usual_seconds
from dmpworks.batch.submission.plan import SubmissionPlan, default_definition
from dmpworks.commands.shared.options import resolve_chain, say_account
from dmpworks.commands.shared.plan_table import show_plan, show_total
from dmpworks.commands.shared.submission import (
    Account,
    ChainSubmission,
    check_no_folder,
    live_job,
    locks,
    open_account,
    prepare,
    recorded_reads,
    send,
)
from dmpworks.errors import DmpworksError, PreflightError
from dmpworks.jobs.commands import retry_command
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import run_id_setting, start_job_setting
from dmpworks.runs.completeness import Start
from dmpworks.runs.ledger.history import earlier
from dmpworks.services.storage import open_bucket
from dmpworks.settings.resolve import Resolved

if TYPE_CHECKING:
    from dmpworks.batch.submission.submit import Sent


def submit_chain(
    chain: Chain,
    options: Mapping[str, Any],
    *,
    env_file: Path | None,
    as_json: bool,
    dry_run: bool,
    offline: bool,
    watch: bool,
    force: bool,
) -> None:
    """Submit the jobs of a chain from its start job on and print their ids, or with `dry_run` only show the plan."""
    check_offline(dry_run=dry_run, offline=offline)
    values, start = resolve_chain(chain, options, env_file, submitting=True, offline=offline)
    check_no_folder(chain.name, values.project.bucket_name)
    if not offline:
        say_account(values.project)
    if dry_run:
        _show(_submission(chain, values, start, options, env_file), offline=offline, as_json=as_json)
        return
    account = open_account(values.project)
    if start_was_inferred(start) and (live := live_job(account, chain, values)):
        start = earliest(chain, start, live)
        given = {**options, start_job_setting(chain).variable: start.job}
        values, _ = resolve_chain(chain, given, env_file, submitting=True)
    if start.job is None:
        run_id = values[run_id_setting(chain)]
        print_up_to_date(chain, start, {"chain": chain.name, "run_id": run_id, "jobs": {}}, as_json=as_json)
        return
    if start_was_inferred(start):
        print_start(chain, start)
    expected = recorded_reads(account.bucket, chain, values, start)
    submission = replace(_submission(chain, values, start, options, env_file), expected=expected, force=force)
    _ = submission.plan  # a broken limit stops before AWS is asked anything
    send_and_print(account, submission, as_json=as_json, watch=watch)


def send_and_print(account: Account, submission: ChainSubmission, *, as_json: bool, watch: bool) -> None:
    """Submit one chain, print the ids, and follow the run if asked; its end is then the exit code."""
    ready = prepare(account, submission)
    with ExitStack() as stack:
        (held,) = locks(stack, account, [ready.plan])
        sent = send(account, ready, held)
    print_job_ids(ready.plan, sent, as_json=as_json)
    if watch:
        from dmpworks.commands.runs.watch import follow

        if code := follow(account.bucket, ready.plan.run, submission.values.project, as_json=as_json):
            sys.exit(code)


def print_job_ids(plan: SubmissionPlan, sent: "Sequence[Sent]", *, as_json: bool) -> None:
    """Print the ids of the jobs that AWS Batch has now."""
    if as_json:
        adopted = [each.job for each in sent if each.adopted]
        answer = {"chain": plan.chain, "run_id": plan.run_id, "jobs": {each.job: each.id for each in sent}}
        print(json.dumps(answer | ({"adopted": adopted} if adopted else {})), flush=True)
        return
    for each in sent:
        print(f"{plan.chain} {plan.run_id} {each.job}: {each.id}{' (already submitted)' if each.adopted else ''}")
    sys.stdout.flush()


def check_offline(*, dry_run: bool, offline: bool) -> None:
    """Stop at a submission that may not ask AWS; raises PreflightError."""
    if offline and not dry_run:
        raise PreflightError(
            "--offline submits nothing", on="the command line", next="add --dry-run, or drop --offline"
        )


def print_start(chain: Chain, start: Start) -> None:
    """Say where a chain goes on, and why there."""
    print(f"{chain.name}: resuming at {start.job}: it {start.why.get(start.job or '', 'was named')}", file=sys.stderr)


def start_was_inferred(start: Start) -> bool:
    """Whether the start job was found from what lies in the bucket, rather than named."""
    return start.job is None or start.job in start.why


def earliest(chain: Chain, start: Start, live: str) -> Start:
    """Return the start at whichever comes first: the first job to run, or the first that is live already."""
    names = chain.job_names
    if start.job is not None and names.index(start.job) <= names.index(live):
        return start
    before = {job: why for job, why in start.why.items() if names.index(job) < names.index(live)}
    return Start(live, before | {live: "is live on AWS Batch"})


def pinned_if_known(values: Resolved, *, offline: bool) -> str:
    """Return the pinned definition; a dry run goes on with the plain name where AWS cannot be asked, and says so."""
    name = default_definition(values)
    if offline:
        print(f"definition {name} without revision: AWS was not asked", file=sys.stderr)
        return name
    from dmpworks.batch.clients import batch_client
    from dmpworks.batch.definition import find_definition

    try:
        return find_definition(batch_client(values.project.aws_region, only_reads=True), name).name
    except DmpworksError as error:
        print(f"definition {name} without revision: {error.what} ({error.on})", file=sys.stderr)
        return name


def costs_of(plan: SubmissionPlan, values: Resolved, *, offline: bool) -> dict[str, Estimate]:
    """Return what each job may cost, judged by how long it took before where the ledger can be read."""
    runs = []
    if not offline:
        try:
            runs = earlier(open_bucket(values.project.bucket_name, values.project.aws_region), plan.run)
        except DmpworksError as error:
            print(f"no earlier runs for the estimate: {error.what} ({error.on})", file=sys.stderr)
    price = prices(values.submission)
    return {job: estimate(asked, price, usual_seconds(runs, job)) for job, asked in plan.asked.items()}


def _submission(
    chain: Chain, values: Resolved, start: Start, options: Mapping[str, Any], env_file: Path | None
) -> ChainSubmission:
    command = retry_command("batch-submit", chain, options, env_file, start.job) if start.job else ""
    return ChainSubmission(chain, values, start, command)


def _show(submission: ChainSubmission, *, offline: bool, as_json: bool) -> None:
    if submission.start.job is None:
        print_up_to_date(submission.chain, submission.start, [], as_json=as_json)
        return
    _ = submission.plan  # a broken limit stops before AWS is asked anything
    plan = submission.plan.pinned(pinned_if_known(submission.values, offline=offline))
    if as_json:
        print(json.dumps(plan.requests(), indent=2))
    else:
        costs = costs_of(plan, submission.values, offline=offline)
        show_plan(plan, costs)
        show_total(costs.values(), f"dmpworks doctor {plan.chain}")


def print_up_to_date(chain: Chain, start: Start, empty: object, *, as_json: bool) -> None:
    """Say that every job is complete and current; a program reads the `empty` answer."""
    print(f"{chain.name}: every job is complete and current, nothing was submitted", file=sys.stderr)
    for job, why in start.why.items():
        print(f"  {job} {why}", file=sys.stderr)
    if as_json:
        print(json.dumps(empty))
