"""What jobs in a container need beyond what always has to be set: secrets, and what one setting asks of another."""

from collections.abc import Iterable
from typing import Any

from dmpworks.batch.definition import Definition
from dmpworks.batch.preflight.checks import Check, bad, good
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import classes, job_settings
from dmpworks.settings.declare import Setting, declared
from dmpworks.settings.resolve import Resolved


def check_required_settings(chain: Chain, jobs: Iterable[Job], values: Resolved, definition: Definition) -> list[Check]:
    """Check that each job gets what it needs: settings from the submitter, secrets from the job definition."""
    return [_check_job(chain, job, values, definition) for job in jobs]


def _check_job(chain: Chain, job: Job, values: Resolved, definition: Definition) -> Check:
    name = f"settings of {chain.name} {job.name}"
    missing = [
        (setting, why)
        for cls in classes(job)
        for setting, why in _required(cls, values)
        if not values.given(setting) and setting.variable not in definition.supplied
    ]
    if not missing:
        return good(name, f"{len(job_settings(chain, job))} variables")
    seen = "; ".join(f"{setting.variable} is not set although {why}" for setting, why in missing)
    plain = [setting.variable for setting, _ in missing if not setting.secret]
    secret = [setting.variable for setting, _ in missing if setting.secret]
    next = [f"set {', '.join(plain)}"] if plain else []
    next += [f"put {', '.join(secret)} among the secrets of {definition.name}"] if secret else []
    return bad(name, seen, "; ".join(next))


def _required(cls: type[Any], values: Resolved) -> list[tuple[Setting, str]]:
    """Return the settings of a class that a container needs with these values, and why."""
    marked = [(setting, setting.required_when) for setting in declared(cls) if setting.required_when]
    own = values.of(cls) if marked else None
    return [(setting, mark.why) for setting, mark in marked if mark.applies(own)]
