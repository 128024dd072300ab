"""What jobs in a container demand beyond what their settings declare: secrets, and what one setting asks of another."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from dmpworks.batch.definition import Definition
from dmpworks.batch.preflight.checks import Check, bad, good
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import job_settings


class Demand(NamedTuple):
    """A variable that is needed when the values say so."""

    variable: str
    when: Callable[[Mapping[str, Any]], bool]
    why: str


def _opensearch(values: Mapping[str, Any]) -> bool:
    return values.get("SEARCH_ENGINE") in (None, "opensearch")  # the default where the bucket is no folder


def _basic(values: Mapping[str, Any]) -> bool:
    return _opensearch(values) and values.get("OPENSEARCH_AUTH") == "basic"


def _from_datacite(values: Mapping[str, Any]) -> bool:
    return str(values.get("DATACITE_SOURCE", "")).startswith("s3://")


DEMANDS = (
    Demand("OPENSEARCH_URL", _opensearch, "the search engine is OpenSearch"),
    Demand("OPENSEARCH_USERNAME", _basic, "OPENSEARCH_AUTH is basic"),
    Demand("OPENSEARCH_PASSWORD", _basic, "OPENSEARCH_AUTH is basic"),
    Demand("DMP_DATABASE_URL", lambda values: True, "a container has no database of its own"),
    Demand("DATACITE_USERNAME", _from_datacite, "DATACITE_SOURCE is DataCite's own bucket"),
    Demand("DATACITE_PASSWORD", _from_datacite, "DATACITE_SOURCE is DataCite's own bucket"),
)


def of_settings(chain: Chain, jobs: Iterable[Job], values: Mapping[str, Any], definition: Definition) -> list[Check]:
    """Check that each job gets what it demands: settings from the submitter, secrets from the job definition."""
    checks = []
    for job in jobs:
        settings = {setting.variable: setting for setting in job_settings(chain, job)}
        lacking = [
            demand
            for demand in DEMANDS
            if demand.variable in settings and demand.when(values) and not _given(demand.variable, values, definition)
        ]
        if not lacking:
            checks.append(good(f"settings of {chain.name} {job.name}", f"{len(settings)} variables"))
            continue
        said = "; ".join(f"{each.variable} is not set although {each.why}" for each in lacking)
        secret = [each.variable for each in lacking if settings[each.variable].secret]
        plain = [each.variable for each in lacking if each.variable not in secret]
        next = [f"set {', '.join(plain)}"] if plain else []
        next += [f"put {', '.join(secret)} among the secrets of {definition.name}"] if secret else []
        checks.append(bad(f"settings of {chain.name} {job.name}", said, "; ".join(next)))
    return checks


def _given(variable: str, values: Mapping[str, Any], definition: Definition) -> bool:
    return values.get(variable) not in (None, "") or variable in definition.supplied
