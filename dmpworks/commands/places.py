"""Where commands take their settings from: options, environment, file; and the bucket that they name."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dmpworks.catalog import CHAINS
from dmpworks.jobs.commands import COMMAND, sources
from dmpworks.jobs.model import Chain
from dmpworks.jobs.settings import Sources, check_unknown, declared, environment, resolve
from dmpworks.jobs.shared_settings import Project
from dmpworks.jobs.wiring import chain_settings, prefixes, start_job_setting, submit_settings, variables
from dmpworks.services.storage import Bucket, open_bucket

BucketName = Annotated[
    str | None, Parameter(name="--bucket-name", group=COMMAND, help="Bucket of the runs. [env: BUCKET_NAME] [required]")
]


def places(options: Mapping[str, Any], env_file: Path | None) -> Sources:
    """Return where settings come from; raises SettingsError at a name of our kind that we do not know."""
    found = sources(options, env_file, environment())
    check_unknown(variables(CHAINS), prefixes(CHAINS), found)
    return found


def project(bucket_name: str | None, env_file: Path | None) -> tuple[dict[str, Any], Bucket]:
    """Return the settings that every run shares (ENV, BUCKET_NAME, AWS_REGION) and the bucket they name."""
    options = {"BUCKET_NAME": bucket_name} if bucket_name else {}
    values = resolve(declared(Project), places(options, env_file), "")
    return values, open_bucket(values["BUCKET_NAME"], values["AWS_REGION"])


def values_of(
    chain: Chain, options: Mapping[str, Any], env_file: Path | None, *, submitting: bool
) -> tuple[dict[str, Any], str]:
    """Return every setting that the jobs to run need, by variable, and the name of the first job."""
    found = places(options, env_file)
    start_job = start_job_setting(chain)
    start: str = resolve([start_job], found, chain.prefix)[start_job.variable]
    if found.came_from_environment(start_job):
        print(f"{chain.name} starts at {start}, because {start_job.variable} says so", file=sys.stderr)
    wanted = chain_settings(chain, chain.from_job(start))
    if submitting:
        wanted = [setting for setting in submit_settings(chain) if setting in wanted or not setting.required]
        wanted = [setting for setting in wanted if not setting.secret]
    return resolve(wanted, found, chain.prefix), start
