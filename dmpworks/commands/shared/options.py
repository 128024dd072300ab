"""Where commands take their settings from: options, environment, file; and the bucket that they name."""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dmpworks.catalog import CHAINS
from dmpworks.errors import SettingsError
from dmpworks.jobs.commands import COMMAND, sources
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import (
    AUTO,
    chain_settings,
    prefixes,
    run_id_setting,
    start_job_setting,
    submit_settings,
    variables,
)
from dmpworks.runs.completeness import Start, first_job
from dmpworks.services.storage import Bucket, names_folder, open_bucket
from dmpworks.settings.declare import REQUIRED, Setting, declared
from dmpworks.settings.resolve import Resolved, Sources, check_unknown, environment, resolve
from dmpworks.settings.shared import Project

BucketName = Annotated[
    str | None, Parameter(name="--bucket-name", group=COMMAND, help="Bucket of the runs. [env: BUCKET_NAME] [required]")
]


def setting_sources(options: Mapping[str, Any], env_file: Path | None) -> Sources:
    """Return where settings come from; raises SettingsError at a name of our kind that we do not know."""
    found = sources(options, env_file, environment())
    check_unknown(variables(CHAINS), prefixes(CHAINS), found)
    return found


def bucket_option(bucket_name: str | None) -> dict[str, str]:
    """Return the options of a command that has no other: the bucket, when it was given."""
    return {"BUCKET_NAME": bucket_name} if bucket_name else {}


def open_project(bucket_name: str | None, env_file: Path | None) -> tuple[Project, Bucket]:
    """Return the settings that every run shares and the bucket they name."""
    shared = resolve(declared(Project), setting_sources(bucket_option(bucket_name), env_file), "").project
    bucket = open_bucket(shared.bucket_name, shared.aws_region)
    say_account(shared)
    return shared, bucket


def say_account(project: Project) -> None:
    """Say which AWS account, profile and region a command uses; a folder as bucket needs none."""
    if names_folder(project.bucket_name):
        return
    from dmpworks.batch.identity import account_line

    print(account_line(project.aws_region), file=sys.stderr)


def resolve_chain(
    chain: Chain, options: Mapping[str, Any], env_file: Path | None, *, submitting: bool, offline: bool = False
) -> tuple[Resolved, Start]:
    """Return every setting that the jobs to run need, by variable, and where to start (at None: nothing is left)."""
    return resolve_chain_from(chain, setting_sources(options, env_file), submitting=submitting, offline=offline)


def resolve_chain_from(
    chain: Chain, found: Sources, *, submitting: bool, offline: bool = False
) -> tuple[Resolved, Start]:
    """Return the same as `resolve_chain`, from places that were looked at already."""
    start = _start(chain, found, offline=offline)
    wanted = chain_settings(chain, chain.from_job(start.job)) if start.job else _identity(chain)
    if submitting:
        wanted = [setting for setting in submit_settings(chain) if setting in wanted or not setting.required]
        wanted = [setting for setting in wanted if not setting.secret]
    return resolve(wanted, found, chain.prefix), start


def _start(chain: Chain, found: Sources, *, offline: bool) -> Start:
    """Return the first job as set, or as what lies in the bucket says; a setting from the environment is said aloud."""
    setting = start_job_setting(chain)
    named: str = resolve([setting], found, chain.prefix)[setting]
    if found.came_from_environment(setting):
        print(f"{chain.name} starts at {named}, because {setting.variable} says so", file=sys.stderr)
    if named != AUTO:
        return start_at(chain, named)
    if offline:
        print(f"{chain.name} from its first job on: the bucket was not asked what is complete", file=sys.stderr)
        return start_at(chain, chain.job_names[0])
    identity = _identity(chain)
    given = [each for each in chain_settings(chain) if each not in identity and found.find(each) is not REQUIRED]
    values = resolve([*identity, *given], found, chain.prefix)
    return first_job(open_bucket(values.project.bucket_name, values.project.aws_region), chain, values)


def start_at(chain: Chain, job: str) -> Start:
    """Return the start at a job that somebody named."""
    return Start(job, dict.fromkeys(chain.job_names[: chain.job_names.index(job)], f"before the start job {job}"))


def _identity(chain: Chain) -> list[Setting]:
    return [*declared(Project), run_id_setting(chain)]


def day(text: str, option: str) -> datetime:
    """Return the first moment of a day, UTC; raises SettingsError."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise SettingsError(f"there is no day {text}", on=option, next="give YYYY-MM-DD") from error
