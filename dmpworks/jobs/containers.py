"""What a job's container is given: its command as a list, and its environment, complete."""

from collections.abc import Iterable

from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import job_settings, start_job_setting, submit_settings
from dmpworks.settings.declare import Setting
from dmpworks.settings.resolve import Resolved


def container_command(chain: Chain, job: Job) -> list[str]:
    """Return the arguments after the image's entry point: `aws-batch CHAIN JOB`."""
    return ["aws-batch", chain.name, job.name]


def container_environment(chain: Chain, job: Job, values: Resolved) -> dict[str, str]:
    """Return every setting of a job that has a value, secrets left out, as environment variables."""
    return _texts(job_settings(chain, job), values)


def recorded_settings(chain: Chain, values: Resolved) -> dict[str, str]:
    """Return all that was set for a submission, secrets left out, as environment variables: a resume reads it again."""
    start = start_job_setting(chain)
    return _texts([each for each in submit_settings(chain) if each in values and each != start], values)


def _texts(settings: Iterable[Setting], values: Resolved) -> dict[str, str]:
    shown = [setting for setting in settings if not setting.secret]
    return {setting.variable: setting.text(values[setting]) for setting in shown if values.given(setting)}


def secret_environment(chain: Chain, job: Job, values: Resolved) -> dict[str, str]:
    """Return the secrets of a job: only a local run hands them over, on AWS the job definition does."""
    secrets = [setting for setting in job_settings(chain, job) if setting.secret and values.given(setting)]
    return {setting.variable: values[setting].reveal() for setting in secrets}
