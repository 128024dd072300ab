"""`dmpworks batch-submit all`: the month. Datasets side by side, then the works index, then the plans."""

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dmpworks.batch.costs import Estimate
from dmpworks.batch.submission.plan import SubmissionPlan
from dmpworks.catalog import CHAINS
from dmpworks.commands.shared.inputs import chains_before
from dmpworks.commands.shared.options import resolve_chain, say_account, setting_sources
from dmpworks.commands.shared.plan_table import show_plan, show_total
from dmpworks.commands.shared.submission import (
    Account,
    ChainSubmission,
    Ready,
    check_no_folder,
    live_job,
    locks,
    open_account,
    preflight,
    require_aloud,
    send,
)
from dmpworks.commands.shared.tables import print_lines
from dmpworks.commands.submit import check_offline, costs_of, earliest, pinned_if_known, print_job_ids
from dmpworks.errors import DmpworksError, SettingsError
from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.commands import ENV_FILE, command
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import AUTO, chain_settings, start_job_setting
from dmpworks.runs.completeness import Start
from dmpworks.settings.declare import RUN_ID, Setting, declared
from dmpworks.settings.resolve import Resolved, resolve
from dmpworks.settings.shared import Project

if TYPE_CHECKING:
    from dmpworks.batch.submission.submit import Sent


class Part(NamedTuple):
    """One chain of the month: what is wanted of it, and the chains that it waits for."""

    submission: ChainSubmission
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        """The chain's name."""
        return self.submission.chain.name

    def forced(self, force: bool) -> "Part":
        """Return the part with upstream problems as warnings, if forced."""
        return self._replace(submission=replace(self.submission, force=force))


def all_command(flags: Mapping[str, tuple[Any, Any]]) -> Callable[..., None]:
    """Return the command, with an option for the run id of each chain; all else comes from environment and file."""
    run_ids = [
        Setting("", f"{each.prefix}_run_id".lower(), str, f"Run of {each.name}.", format=RUN_ID) for each in CHAINS
    ]
    every = Chain("all", *(job for chain in CHAINS for job in chain))
    uploads = [setting for chain in CHAINS for setting in chain_settings(chain) if setting.upload]
    summary = "Every chain, each after those that it reads, the others side by side; what is complete stays."
    return command(every, [*declared(Project), *run_ids, *uploads], flags, submit_all, summary)


def submit_all(
    _: Chain,
    options: Mapping[str, Any],
    *,
    env_file: Path | None,
    as_json: bool,
    dry_run: bool,
    offline: bool,
    watch: bool,
    force: bool,
) -> None:
    """Submit every chain, each after those that it reads; or with `dry_run` only show the plans."""
    check_offline(dry_run=dry_run, offline=offline)
    project = resolve(declared(Project), setting_sources(options, env_file), "").project
    check_no_folder("CHAIN", project.bucket_name)
    account = None if offline else open_account(project)
    if account:
        say_account(project)
    if dry_run or not account:
        _show(parts_of(options, env_file, None, offline=offline), offline=offline, as_json=as_json)
        return
    parts = [part.forced(force) for part in parts_of(options, env_file, account, offline=False)]
    sent = send_parts(account, parts)
    _print_all(parts, sent, as_json=as_json)
    if watch and (code := _follow(account, parts, as_json=as_json)):
        sys.exit(code)


def parts_of(
    options: Mapping[str, Any], env_file: Path | None, account: Account | None, *, offline: bool
) -> list[Part]:
    """Return what there is to do, in order; raises SettingsError that says what is wrong with any chain."""
    parts: list[Part] = []
    wrong: dict[str, list[str]] = {}  # what -> chains
    for chain in CHAINS:
        after = tuple(part.name for part in parts if part.submission.chain in chains_before(chain))
        try:
            values, start = _settings(chain, options, env_file, offline=offline or bool(after))
        except SettingsError as error:
            wrong.setdefault(error.what, []).append(chain.name)
            continue
        if account and (live := live_job(account, chain, values)):
            start = earliest(chain, start, live)
        if start.job:
            parts.append(Part(ChainSubmission(chain, values, start, _retry_command(options, env_file)), after))
    if wrong:
        raise SettingsError(
            "; ".join(f"{', '.join(names)}: {what}" for what, names in wrong.items()),
            on=f"looked in the options of this command, the environment and {env_file or ENV_FILE}",
            next="set them there; .env.aws-batch.example explains each",
        )
    return parts


def _retry_command(options: Mapping[str, Any], env_file: Path | None) -> str:
    given = [f"--{name.lower().replace('_', '-')}={value}" for name, value in options.items()]
    given += [f"--env-file={env_file}"] if env_file else []
    return shlex.join(["dmpworks", "batch-submit", "all", *given])


def _settings(
    chain: Chain, options: Mapping[str, Any], env_file: Path | None, *, offline: bool
) -> tuple[Resolved, Start]:
    """Return the settings of a chain and its first job; the very first where the bucket cannot be asked."""
    first = chain.job_names[0] if offline else AUTO
    return resolve_chain(chain, {**options, start_job_setting(chain).variable: first}, env_file, submitting=True)


def send_parts(account: Account, parts: Sequence[Part]) -> dict[str, "list[Sent]"]:
    """Check all chains, then submit one after the other; what was sent stays when a later chain is refused."""
    ready = _prepare(account, parts)
    sent: dict[str, list[Sent]] = {}
    with ExitStack() as stack:
        held = locks(stack, account, [each.plan for each in ready])
        for part, one, lock in zip(parts, ready, held, strict=True):
            try:
                sent[part.name] = send(account, one, lock, [sent[name][-1].id for name in part.after])
            except DmpworksError as error:
                error.on += f"; the chains before it go on: {', '.join(sent) or 'none'}"
                if sent and error.exit_code == ExitCode.USAGE:  # something was begun
                    error.exit_code = ExitCode.FAILED
                raise
    return sent


def _prepare(account: Account, parts: Sequence[Part]) -> list[Ready]:
    from dmpworks.batch.preflight.checks import Check

    checks: dict[Check, None] = {}
    ready: list[Ready] = []
    run_ids = {part.name: part.submission.plan.run_id for part in parts}
    for part in parts:
        found, submission = preflight(account, part.submission, {name: run_ids[name] for name in part.after})
        checks |= dict.fromkeys(found)
        ready.append(submission)
    require_aloud(list(checks))
    return ready


def _print_all(parts: Sequence[Part], sent: Mapping[str, "list[Sent]"], *, as_json: bool) -> None:
    done = [chain.name for chain in CHAINS if chain.name not in sent]
    if done:
        print(f"complete and current, not submitted: {', '.join(done)}", file=sys.stderr)
    if not parts and as_json:
        print(json.dumps([]))
    for part in parts:
        print_job_ids(part.submission.plan, sent[part.name], as_json=as_json)


def _follow(account: Account, parts: Sequence[Part], *, as_json: bool) -> int:
    """Follow one run after the other and return the first exit code that is not 0."""
    from dmpworks.commands.runs.watch import follow

    first = 0
    for part in parts:
        code = follow(account.bucket, part.submission.plan.run, part.submission.values.project, as_json=as_json)
        first = first or code
        if code in (ExitCode.STUCK, ExitCode.INTERRUPTED):
            break
    return first


def _show(parts: Sequence[Part], *, offline: bool, as_json: bool) -> None:
    requests: list[dict[str, Any]] = []
    costs: list[Estimate] = []
    last: dict[str, str] = {}  # chain -> its last job
    definition = pinned_if_known(parts[0].submission.values, offline=offline) if parts else ""
    for part in parts:
        plan: SubmissionPlan = part.submission.plan.pinned(definition)
        after = [last[name] for name in part.after]
        last[part.name] = f"{part.name} {plan.jobs[-1]}"
        requests += plan.requests([f"<id of {job}>" for job in after])
        if not as_json:
            of_chain = costs_of(plan, part.submission.values, offline=offline)
            costs += of_chain.values()
            show_plan(plan, of_chain, after)
    if as_json:
        print(json.dumps(requests, indent=2))
    elif not parts:
        print("every chain is complete and current", file=sys.stderr)
    else:
        print_lines(f"all: {len(costs)} jobs of {len(parts)} chains")
        show_total(costs, "dmpworks doctor")
