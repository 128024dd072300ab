"""What a job's container is given: its command as a list, and its environment, complete."""

from collections.abc import Iterable, Mapping
from typing import Any

from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import job_settings, start_job_setting, submit_settings
from dmpworks.settings.declare import Setting

NOTHING = (None, "", ())


def container_command(chain: Chain, job: Job) -> list[str]:
    """Return the arguments after the image's entry point: `aws-batch CHAIN JOB`."""
    return ["aws-batch", chain.name, job.name]


def container_environment(chain: Chain, job: Job, values: Mapping[str, Any]) -> dict[str, str]:
    """Return every setting of a job that has a value, secrets left out, as environment variables."""
    return _texts(job_settings(chain, job), values)


def recorded_settings(chain: Chain, values: Mapping[str, Any]) -> dict[str, str]:
    """Return all that was set for a submission, secrets left out, as environment variables: a resume reads it again."""
    start = start_job_setting(chain)
    return _texts([each for each in submit_settings(chain) if each.variable in values and each != start], values)


def _texts(settings: Iterable[Setting], values: Mapping[str, Any]) -> dict[str, str]:
    shown = [setting for setting in settings if not setting.secret]
    return {each.variable: each.text(values[each.variable]) for each in shown if values[each.variable] not in NOTHING}


def secret_environment(chain: Chain, job: Job, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets of a job: only a local run hands them over, on AWS the job definition does."""
    secrets = [setting.variable for setting in job_settings(chain, job) if setting.secret]
    return {name: values[name].reveal() for name in secrets if values.get(name) is not None}
