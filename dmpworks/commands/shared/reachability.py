"""What a job would find where this process runs: the bucket and the servers that the jobs of a chain need."""

from collections.abc import Callable, Iterable
from typing import Any

from dmpworks.batch.preflight.checks import Check, as_warning, good, of_error
from dmpworks.errors import DmpworksError, SettingsError
from dmpworks.jobs.model import Chain
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.settings.declare import declared
from dmpworks.settings.resolve import Resolved, Sources, resolve
from dmpworks.settings.shared import DmpTool, Project, Search


def services_of(chain: Chain) -> list[type[Any]]:
    """Return the settings classes of the servers that jobs of a chain need."""
    taken = {cls for job in chain for cls in job.parameters.values()}
    return [cls for cls in (Search, DmpTool) if cls in taken]


def check_services(chains: Iterable[Chain], found: Sources) -> list[Check]:
    """Check from here, with a container's own settings, what the jobs of these chains need."""
    from dmpworks.batch.preflight.resources import check_bucket

    classes: list[type[Any]] = list(dict.fromkeys(cls for chain in chains for cls in services_of(chain)))
    everything: list[type[Any]] = [Project, *classes]
    try:
        values = resolve([setting for cls in everything for setting in declared(cls)], found, "")
    except SettingsError as error:
        return [of_error("settings", error)]
    try:
        bucket = open_bucket(values.project.bucket_name, values.project.aws_region)
    except DmpworksError as error:
        return [of_error("bucket", error)]
    return [check_bucket(bucket), *(_reached(cls, values, bucket) for cls in classes)]


def check_identity(project: Project) -> Check:
    """Check that AWS knows the credentials, and say whose they are; that it does not say so stops nothing."""
    from dmpworks.batch.identity import describe_account

    try:
        return good("AWS account", describe_account(project.aws_region))
    except DmpworksError as error:
        return as_warning(of_error("AWS account", error))


def _reached(cls: type[Any], values: Resolved, bucket: Bucket) -> Check:
    from dmpworks.services.reach import reach_database, reach_search

    name, ask = {
        Search: ("search engine", lambda options: reach_search(options, bucket, values.project.aws_region)),
        DmpTool: ("database", lambda tool: reach_database(tool, bucket)),
    }[cls]
    return _asked(name, ask, values.of(cls))


def _asked(name: str, ask: Callable[[Any], str], options: Any) -> Check:
    try:
        return good(name, ask(options))
    except DmpworksError as error:
        return of_error(name, error)
