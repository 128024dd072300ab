"""`dmpworks runs resume RUN`: a new submission from the first job without whole output, with the settings recorded."""

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter
from msgspec.structs import replace

from dmpworks.batch.submission.plan import default_definition
from dmpworks.catalog import chain_named
from dmpworks.commands.shared.options import BucketName, open_project, setting_sources, start_at
from dmpworks.commands.shared.submission import (
    Account,
    ChainSubmission,
    check_no_folder,
    live_job,
    open_account,
    read_upstream,
)
from dmpworks.commands.shared.trusted_addresses import check_addresses, check_host, confirm_sources, kept_definition
from dmpworks.commands.submit import earliest, print_start, print_up_to_date, send_and_print
from dmpworks.errors import PreflightError, SettingsError
from dmpworks.formatting import visible
from dmpworks.jobs.commands import COMMAND, EnvFile, Force, Json, Watch
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import AUTO, chain_settings, run_id_setting, start_job_setting, submit_settings
from dmpworks.runs.completeness import Start, first_job
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.ledger.store import LATEST, Ledger, RunName, find_run
from dmpworks.runs.upstream import expected_reads
from dmpworks.services.storage import Bucket
from dmpworks.settings.declare import REQUIRED, Setting, declared
from dmpworks.settings.resolve import Resolved, Sources, check_unknown, environment, resolve
from dmpworks.settings.shared import Project
from dmpworks.version import version

Changes = Annotated[
    tuple[str, ...],
    Parameter(name="--set", negative=(), group=COMMAND, help="NAME=value: another setting than recorded; repeatable."),
]
StartJob = Annotated[
    str, Parameter(name="--start-job", group=COMMAND, help="The first job to run; auto: the first without output.")
]
Here = Annotated[
    bool, Parameter(name="--here", group=COMMAND, negative=(), help="Run here what another machine or user began.")
]
Yes = Annotated[
    bool,
    Parameter(name="--yes", group=COMMAND, negative=(), help="Read the files here that the ledger names."),
]


def resume(
    run: str = LATEST,
    /,
    *,
    set: Changes = (),
    start_job: StartJob = AUTO,
    here: Here = False,
    yes: Yes = False,
    watch: Watch = False,
    force: Force = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Go on with a run where it stopped, with the settings it had: what is complete stays, what is live is adopted.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID.
    """
    _, bucket = open_project(bucket_name, env_file)
    name = find_run(bucket, run)
    chain = chain_named(name.chain)
    before = _newest(bucket, chain, name)
    texts = dict(_pair(change) for change in set)
    changes = _parsed(chain, texts)
    found = _sources(chain, before.settings | {"BUCKET_NAME": bucket.name}, changes, env_file)
    again = _again(name, set, start_job, bucket_name, env_file)
    _print_changes(before, texts, found.file)
    now = setting_sources({}, env_file)
    check_addresses(chain, before.settings, texts, now)
    if before.where == "local":
        check_host(before, str(name), again, here=here)
        confirm_sources(chain, before.settings, texts, now, again, yes=yes)
        again += " --here" * here + " --yes" * yes
        _run_here(chain, found, start_job, bucket, before, again, as_json=as_json, force=force)
    else:
        check_no_folder(chain.name, bucket.name)
        account = open_account(
            Project(bucket_name=bucket.name, aws_region=bucket.region or before.settings.get("AWS_REGION"))
        )
        resume_on_batch(account, chain, found, start_job, before, again, as_json=as_json, watch=watch, force=force)


def _newest(bucket: Bucket, chain: Chain, run: RunName) -> Planned:
    """Return the newest submission of a run, with the settings and upstream runs of all jobs ever submitted."""
    state = Ledger(bucket, run).state()
    if state.newest is None:
        raise PreflightError(
            "the settings of this run were never recorded",
            on=f"{run}: its jobs were started by hand",
            next=f"dmpworks run {run.chain} --start-job auto, or batch-submit",
        )
    settings = _recorded(chain, state.submissions)
    return replace(state.newest, settings=settings, reads=expected_reads(state.submissions))


def _recorded(chain: Chain, submissions: Iterable[Planned]) -> dict[str, str]:
    """Return the settings of a run, those of a job from the newest submission that it was part of.

    One that began at a later job knows nothing of those before it: not what their output was made of.
    """
    settings: dict[str, str] = {}
    for each in submissions:
        its = {one.variable for one in chain_settings(chain, [job for job in chain if job.name in each.jobs])}
        foreign = {one.variable for one in chain_settings(chain)} - its
        settings = {name: value for name, value in settings.items() if name in foreign}
        settings |= {name: value for name, value in each.settings.items() if name not in foreign}
    return settings


def _parsed(chain: Chain, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the changed settings by variable, an empty text for the default.

    Raises SettingsError at what is no setting of the chain, or cannot change within a run.
    """
    if fixed := [name for name in texts if name in _fixed(chain)]:
        raise SettingsError(
            f"{', '.join(fixed)} cannot change within a run",
            on="--set",
            next=f"for another run: dmpworks batch-submit {chain.name}; to begin elsewhere: --start-job JOB",
        )
    known = {each.variable: each for each in _settings(chain)}
    check_unknown(known, (), Sources({}, {}, texts, "--set"))
    return {name: text and known[name].parse(text, f"--set {name}") for name, text in texts.items()}


def _pair(change: str) -> tuple[str, str]:
    name, sign, value = change.partition("=")
    if not sign or not name:
        raise SettingsError("a change is NAME=value", on=f"--set {change}", next=f"--set {name or 'NAME'}=VALUE")
    return name, value


def _settings(chain: Chain) -> list[Setting]:
    """Return what a resume may change: not the run itself, nor secrets."""
    return [each for each in submit_settings(chain) if not each.secret and each.variable not in _fixed(chain)]


def _fixed(chain: Chain) -> set[str]:
    """Return the variables that say which run it is, and where its ledger and its live jobs are."""
    identity = [*declared(Project), run_id_setting(chain), start_job_setting(chain)]
    return {setting.variable for setting in identity}


def _sources(chain: Chain, recorded: Mapping[str, str], changes: Mapping[str, Any], env_file: Path | None) -> Sources:
    """Return where a resume's settings come from: the changes, the ledger; secrets alone from the environment."""
    now = setting_sources({}, env_file)
    secrets = {each.variable: now.find(each) for each in submit_settings(chain) if each.secret}
    known = {each.variable for each in submit_settings(chain)}
    kept = {name: value for name, value in recorded.items() if name in known and name not in changes}
    return Sources({**changes, **{name: value for name, value in secrets.items() if value}}, {}, kept, "the ledger")


def _print_changes(before: Planned, changes: Mapping[str, str], kept: Mapping[str, str]) -> None:
    for name, value in changes.items():
        print(
            visible(f"{name}: {before.settings.get(name, 'the default')} -> {value or 'the default'}"), file=sys.stderr
        )
    for name in sorted({*before.settings} - {*kept} - {*changes}):
        print(visible(f"{name}: {before.settings[name]} -> this version has no such setting"), file=sys.stderr)
    if before.version != version():
        print(visible(f"dmpworks: {before.version} -> {version()}"), file=sys.stderr)


def _again(run: RunName, changes: Sequence[str], start: str, bucket: str | None, env_file: Path | None) -> str:
    words = ["dmpworks", "runs", "resume", str(run), *(f"--set={change}" for change in changes)]
    words += [f"--start-job={start}"] if start != AUTO else []
    words += [f"--bucket-name={bucket}"] if bucket else []
    return shlex.join([*words, *([f"--env-file={env_file}"] if env_file else [])])


def _start(bucket: Bucket, chain: Chain, values: Resolved, named: str) -> Start:
    """Return the first job, as named or as what lies in the bucket says; raises SettingsError or PreflightError."""
    if named == AUTO:
        return first_job(bucket, chain, values)
    return start_at(chain, start_job_setting(chain).parse(named, "--start-job"))


def _known(settings: Sequence[Setting], found: Sources, chain: Chain) -> Resolved:
    """Return the values of those settings that have one: a run may have begun at a later job, with fewer settings."""
    return resolve([each for each in settings if found.find(each) is not REQUIRED], found, chain.prefix)


def _all_of(chain: Chain, settings: Sequence[Setting], found: Sources) -> Resolved:
    """Return the values of all these settings; raises SettingsError where the run never had one."""
    if missing := [each.variable for each in settings if found.find(each) is REQUIRED]:
        raise SettingsError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
            on=f"{found.file_name}: no submission of this run needed it so far",
            next=f"add {' '.join(f'--set {name}=VALUE' for name in missing)}",
        )
    return resolve(settings, found, chain.prefix)


def resume_on_batch(
    account: Account,
    chain: Chain,
    found: Sources,
    named: str,
    before: Planned,
    again: str,
    *,
    as_json: bool = False,
    watch: bool = False,
    force: bool = False,
) -> None:
    """Submit what is missing of a run, with these settings; `named` is the start job, `before` the last submission."""
    plain = [each for each in submit_settings(chain) if not each.secret and each != start_job_setting(chain)]
    values = _known(plain, found, chain)
    start, live = _start(account.bucket, chain, values, named), live_job(account, chain, values)
    if named == AUTO and live:
        start = earliest(chain, start, live)
    if start.job is None:
        run_id = values[run_id_setting(chain)]
        print_up_to_date(chain, start, {"chain": chain.name, "run_id": run_id, "jobs": {}}, as_json=as_json)
        return
    print_start(chain, start)
    jobs = chain.from_job(start.job)
    values |= _all_of(chain, [each for each in chain_settings(chain, jobs) if not each.secret], found)
    # a live job is adopted only by the very same request: then the revision stays as well
    keep = live and "BATCH_JOB_DEFINITION" not in found.options
    kept = kept_definition(before, default_definition(values)) if keep else None
    submission = ChainSubmission(chain, values, start, again, kept, before.reads, force)
    send_and_print(account, submission, as_json=as_json, watch=watch)


def _run_here(
    chain: Chain,
    found: Sources,
    named: str,
    bucket: Bucket,
    before: Planned,
    again: str,
    *,
    as_json: bool,
    force: bool,
) -> None:
    from dmpworks.runs.local.runner import run_chain

    start = _start(bucket, chain, _known(chain_settings(chain), found, chain), named)
    if start.job is None:
        print_up_to_date(chain, start, [], as_json=as_json)
        return
    values = _all_of(chain, chain_settings(chain, chain.from_job(start.job)), found)
    reads = read_upstream(bucket, chain, values, start, before.reads, force=force)
    manifests = run_chain(chain, start, values, environment(), bucket, partial(_paste, again), reads)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(manifests), indent=2).decode())


def _paste(again: str, job: str) -> str:
    """Return the command that goes on: what is complete by then stays, whichever job stopped."""
    return again
