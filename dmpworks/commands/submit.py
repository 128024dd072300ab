"""The submission of one chain as the command line asks for it: shown, or sent."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dmpworks.batch.plan import Plan, default_definition, make_plan
from dmpworks.commands.places import values_of
from dmpworks.errors import DmpworksError, PreflightError
from dmpworks.jobs.commands import again as command_again
from dmpworks.jobs.model import Chain


def submit_chain(
    chain: Chain, options: Mapping[str, Any], *, env_file: Path | None, as_json: bool, dry_run: bool, offline: bool
) -> None:
    """Submit the jobs of a chain from its start job on and print their ids, or with `dry_run` only the requests."""
    values, start = values_of(chain, options, env_file, submitting=True)
    again = command_again("batch-submit", chain, options, env_file, start)
    if offline and not dry_run:
        raise PreflightError(
            "--offline submits nothing", on="the command line", next="add --dry-run, or drop --offline"
        )
    definition = default_definition(values)
    _check_no_folder(chain, values["BUCKET_NAME"])
    make_plan(chain, chain.from_job(start), values, definition)  # a broken limit stops before any call
    if dry_run:
        pinned = _definition_if_known(definition, values, offline)
        _show(make_plan(chain, chain.from_job(start), values, pinned), as_json)
        return
    _check_start(chain, start, values)
    plan = make_plan(chain, chain.from_job(start), values, _definition(definition, values))
    _submit(plan, values, again, as_json)


def _submit(plan: Plan, values: Mapping[str, Any], again: str, as_json: bool) -> None:
    from dmpworks.batch.submit import batch_client, submit

    ids = submit(batch_client(values["AWS_REGION"]), plan, again)
    if as_json:
        print(json.dumps({"chain": plan.chain, "run_id": plan.run_id, "jobs": dict(zip(plan.jobs, ids, strict=True))}))
        return
    for job, id in zip(plan.jobs, ids, strict=True):
        print(f"{plan.chain} {plan.run_id} {job}: {id}")


def _definition(name: str, values: Mapping[str, Any]) -> str:
    from dmpworks.batch.submit import batch_client, pinned_definition

    return pinned_definition(batch_client(values["AWS_REGION"], only_reads=True), name)


def _definition_if_known(name: str, values: Mapping[str, Any], offline: bool) -> str:
    """Return the pinned definition; a dry run goes on with the plain name where AWS cannot be asked, and says so."""
    if offline:
        print(f"definition {name} without revision: AWS was not asked", file=sys.stderr)
        return name
    try:
        return _definition(name, values)
    except DmpworksError as error:
        print(f"definition {name} without revision: {error.what} ({error.on})", file=sys.stderr)
        return name


def _check_no_folder(chain: Chain, bucket: str) -> None:
    from dmpworks.services.storage import names_folder

    if names_folder(bucket):
        raise PreflightError(
            "AWS Batch cannot read a folder of this machine",
            on=f"BUCKET_NAME={bucket} (a folder, because it holds a slash)",
            next=f"name an S3 bucket, or: dmpworks run {chain.name}",
        )


def _check_start(chain: Chain, start: str, values: Mapping[str, Any]) -> None:
    from dmpworks.jobs.local import check_start
    from dmpworks.services.storage import open_bucket

    bucket = open_bucket(values["BUCKET_NAME"], values["AWS_REGION"])
    check_start(chain, start, values[f"{chain.prefix}_RUN_ID"], bucket)


def _show(plan: Plan, as_json: bool) -> None:
    requests = plan.requests()
    if not as_json:
        _print_table(plan, requests)
    print(json.dumps(requests, indent=2))


def _print_table(plan: Plan, requests: list[dict[str, Any]]) -> None:
    table = Table(title=f"{plan.chain} {plan.run_id} on {plan.env}: would be submitted", title_justify="left")
    for column in ("job", "queue", "definition", "vCPU", "MiB", "depends on"):
        table.add_column(column)
    for job, request, before in zip(plan.jobs, requests, ["-", *plan.jobs], strict=False):
        sizes = [each["value"] for each in request["containerOverrides"]["resourceRequirements"]]
        table.add_row(job, request["jobQueue"], request["jobDefinition"], *sizes, before)
    console = Console()
    console.print(table)
    if plan.skipped:
        console.print(f"skipped, because of the start job: {', '.join(plan.skipped)}")
