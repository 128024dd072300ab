"""`dmpworks doctor [CHAIN]`: everything that a submission would check, and more, without submitting anything."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from cyclopts import Parameter

from dmpworks.batch.preflight.checks import Check, bad, errors_as_checks, good, of_error, require
from dmpworks.batch.submission.plan import chain_queues, default_definition, queue_of
from dmpworks.catalog import CHAINS, chain_named
from dmpworks.commands.shared.inputs import check_inputs
from dmpworks.commands.shared.options import resolve_chain_from
from dmpworks.commands.shared.reachability import check_identity, check_services
from dmpworks.commands.shared.submission import Account, ChainSubmission, open_account, preflight
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.errors import DmpworksError, SettingsError
from dmpworks.jobs.commands import COMMAND, EnvFile, Json, sources
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import prefixes, size_settings, sized, variables
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.locks import holder
from dmpworks.services.storage import Bucket, names_folder, open_bucket
from dmpworks.settings.declare import declared
from dmpworks.settings.resolve import Resolved, Sources, check_unknown, environment, resolve
from dmpworks.settings.shared import Project, Submission

Deep = Annotated[
    bool,
    Parameter(name="--deep", group=COMMAND, negative=(), help="Look from a container too: submits one tiny job."),
]
Here = Annotated[
    bool, Parameter(name="--here", group=COMMAND, negative=(), help="Look from here only, as a job of the chain would.")
]
Answer = Annotated[str | None, Parameter(name="--answer", show=False)]


def doctor(
    chain: Literal[tuple(chain.name for chain in CHAINS)] | None = None,  # type: ignore[valid-type]
    /,
    *,
    deep: Deep = False,
    here: Here = False,
    env_file: EnvFile = None,
    as_json: Json = False,
    answer: Answer = None,
) -> None:
    """Check settings, queues, machines, job definition, image, bucket, inputs and live runs; exit 2 if any fails.

    Parameters
    ----------
    chain
        The chain that is to be submitted; without it, only what all chains share.
    """
    found = replace(sources({}, env_file, environment()), has_options=False)
    chains = [chain_named(chain)] if chain else list(CHAINS)
    if here:
        checks = check_services(chains, found)
        if answer:
            _upload_answer(checks, answer, found)
    else:
        checks = [_check_names(found)]
        checks += errors_as_checks("AWS", lambda: _check_submission(chains if chain else [], found, deep=deep))
    _show(checks, as_json=as_json)
    require(checks)


def _check_names(found: Sources) -> Check:
    try:
        check_unknown(variables(CHAINS), prefixes(CHAINS), found)
    except SettingsError as error:
        return of_error("names of settings", error)
    return good("names of settings", f"none unknown in the environment and {found.file_name}")


def _check_submission(chains: Sequence[Chain], found: Sources, *, deep: bool) -> list[Check]:
    """Return what a submission of a chain (or of none in particular) would check."""
    try:
        values = resolve([*declared(Project), *declared(Submission)], found, "")
    except SettingsError as error:
        return _wrong_settings(chains, found) or [of_error("settings", error)]
    if names_folder(values.project.bucket_name):
        return _check_folder(chains, values, found)
    try:
        account = open_account(values.project)
    except DmpworksError as error:
        return [*_wrong_settings(chains, found), of_error("bucket", error), *_check_batch(values, found)]
    identity = check_identity(values.project)
    if not chains:
        return [identity, *_check_account(account.bucket, values, found)]
    return [identity, *_check_chain(account, chains[0], values, found, deep=deep)]


def _wrong_settings(chains: Sequence[Chain], found: Sources) -> list[Check]:
    """Return what is wrong with the settings of these chains, judged without a look into the bucket."""

    def look(chain: Chain) -> list[Check]:
        resolve_chain_from(chain, found, submitting=True, offline=True)
        return []

    return [check for chain in chains for check in errors_as_checks(f"settings of {chain.name}", partial(look, chain))]


def _check_chain(account: Account, chain: Chain, shared: Resolved, found: Sources, *, deep: bool) -> list[Check]:
    try:
        values, start = resolve_chain_from(chain, found, submitting=True)
        submission = ChainSubmission(chain, values, start, "")
        _ = submission.plan  # no limit of AWS Batch is broken
    except DmpworksError as error:
        return [of_error(f"settings of {chain.name}", error), *_check_account(account.bucket, shared, found)]
    if start.job is None:
        done = good(f"jobs of {chain.name}", "all are complete and current")
        return [done, *_check_account(account.bucket, shared, found)]
    checks, ready = preflight(account, submission)
    if deep and ready.definition:
        from dmpworks.batch.preflight.probe import probe_from_container

        print("submitting a probe job, which looks from a container: that may take some minutes", file=sys.stderr)
        look = partial(
            probe_from_container, account.client, account.bucket, chain, values, ready.definition, account.sleep
        )
        checks += errors_as_checks("view of a container", look)
    return checks


def _check_account(bucket: Bucket, values: Resolved, found: Sources) -> list[Check]:
    """Check what all chains share."""
    from dmpworks.batch.preflight.resources import check_bucket

    return [*_check_batch(values, found), check_bucket(bucket)]


def _check_batch(values: Resolved, found: Sources) -> list[Check]:
    return errors_as_checks("AWS Batch", partial(_check_queues_and_definition, values, found))


def _check_queues_and_definition(values: Resolved, found: Sources) -> list[Check]:
    """Check what all chains share of AWS Batch, for jobs of the sizes that are set."""
    from dmpworks.batch.clients import batch_client, ecr_client
    from dmpworks.batch.preflight.resources import check_definition, check_queues

    client, ecr = batch_client(values.project.aws_region, only_reads=True), ecr_client(values.project.aws_region)
    queues = sorted({queue for chain in CHAINS for queue in chain_queues(chain, values)})
    asked: dict[str, JobRequest] = {}
    for chain in CHAINS:
        sizes = resolve(size_settings(chain), found, chain.prefix)
        for job in (sized(chain, each, sizes) for each in chain):
            size = JobRequest(queue=queue_of(job, values), vcpus=job.size.vcpus, memory=job.size.memory)
            asked[f"{chain.name} {job.name}"] = size
    return [
        *check_queues(client, queues, asked, values.submission.batch_share_identifier),
        *check_definition(client, ecr, default_definition(values)).checks,
    ]


def _check_folder(chains: Sequence[Chain], values: Resolved, found: Sources) -> list[Check]:
    """Check what runs on this machine need: with a folder as bucket nothing goes to AWS."""
    checks = check_services(chains or CHAINS, found)
    for chain in chains:
        try:
            own, start = resolve_chain_from(chain, found, submitting=False)
            bucket = open_bucket(values.project.bucket_name)
        except DmpworksError as error:
            checks.append(of_error(f"settings of {chain.name}", error))
            continue
        checks.append(good(f"settings of {chain.name}", f"all {len(own)} have a value or a default"))
        if start.job:
            checks += check_inputs(bucket, chain, chain.job(start.job), own)
        lock = holder(bucket, chain.name)
        said = f"{lock.owner} is running on it: {lock.purpose}" if lock else "nobody is running on it"
        name = f"live run of {chain.name}"
        checks.append(bad(name, said, f"dmpworks runs show {chain.name}/latest") if lock else good(name, said))
    return checks


def _upload_answer(checks: Sequence[Check], token: str, found: Sources) -> None:
    """Leave the answer where whoever submitted this job looks for it."""
    import msgspec

    from dmpworks.batch.preflight.probe import answer_key

    values = resolve(declared(Project), found, "")
    try:
        bucket = open_bucket(values.project.bucket_name, values.project.aws_region)
        bucket.put(answer_key(token), msgspec.json.encode(checks))
    except DmpworksError as error:
        print(f"the answer could not be left in the bucket: {error.what} ({error.on})", file=sys.stderr)


def _show(checks: Sequence[Check], *, as_json: bool) -> None:
    if as_json:
        print_json(checks)
        return
    print_table(("check", "", "seen"), [(check.name, check.verdict, check.said) for check in checks])
    for check in checks:
        if check.next:
            print_lines(f"{check.name}: {check.next}")
