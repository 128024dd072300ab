"""What a job's container is given: its command as a list, and its environment, complete."""

from collections.abc import Mapping
from typing import Any

from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import job_settings


def container_command(chain: Chain, job: Job) -> list[str]:
    """Return the arguments after the image's entry point: `aws-batch CHAIN JOB`."""
    return ["aws-batch", chain.name, job.name]


def container_environment(chain: Chain, job: Job, values: Mapping[str, Any]) -> dict[str, str]:
    """Return every setting of a job that has a value, secrets left out, as environment variables."""
    shown = [setting for setting in job_settings(chain, job) if not setting.secret]
    valued = [
        (setting, values[setting.variable]) for setting in shown if values[setting.variable] not in (None, "", ())
    ]
    return {setting.variable: setting.text(value) for setting, value in valued}


def secret_environment(chain: Chain, job: Job, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets of a job: only a local run hands them over, on AWS the job definition does."""
    secrets = [setting.variable for setting in job_settings(chain, job) if setting.secret]
    return {name: values[name].reveal() for name in secrets if values.get(name) is not None}
