"""START HERE: DataCite, with datasets, software, reports and all other works that have a DataCite DOI.

Every month DataCite writes all its records to a bucket that its members can read: one folder for each month in which
records were last updated, with gzip JSON Lines and a CSV that lists the records. `download` fetches temporary
credentials and copies these files; `transform` writes one Parquet row for each record and compares each month with its
CSV. In process-works, DataCite's record takes precedence over OpenAlex's record of the same DOI.
"""

from functools import partial
from typing import Annotated

from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, NOT_FROM_LEDGER, RequiredWhen, Secret, settings
from dmpworks.settings.shared import BadRecords

_MEMBERS_ONLY = RequiredWhen(
    lambda source: source.source.startswith("s3://"), "DATACITE_SOURCE is DataCite's own bucket"
)


@settings(prefix="DATACITE")
class Source:
    """Where the monthly data file is copied from."""

    source: Annotated[str, "The monthly data file: an s3:// address, or a folder or file: URL with a copy of it."] = (
        "s3://monthly-datafile.datacite.org/"
    )
    api_url: Annotated[
        str, "DataCite's API, which gives members temporary credentials.", DOES_NOT_AFFECT_OUTPUT, NOT_FROM_LEDGER
    ] = "https://api.datacite.org"
    username: Annotated[Secret | None, "A member's user name; needed for s3:// only.", _MEMBERS_ONLY] = None
    password: Annotated[Secret | None, "The member's password; needed for s3:// only.", _MEMBERS_ONLY] = None


@settings(prefix="DATACITE")
class Scope:
    """Which works are kept."""

    use_subset: Annotated[bool, "Keep only the works and institutions listed in meta/ of the bucket."] = False


@settings(prefix="DATACITE_TRANSFORM")
class Transform:
    """How the transform runs."""

    workers: Annotated[int, "Processes; 0 = one per core.", DOES_NOT_AFFECT_OUTPUT] = 0


def download(run: Run, source: Source) -> Counts:
    """Copy DataCite's monthly data file into the bucket."""
    from dmpworks.chains.datacite.source import copy

    return copy(run, source.source, source.api_url, source.username, source.password)


def transform(run: Run, options: Transform, scope: Scope, bad: BadRecords) -> Counts | Partial:
    """Turn the DataCite records into Parquet, each month checked against its CSV."""
    from dmpworks.chains.datacite.reading import DATASET, check_months, parts, stated
    from dmpworks.datasets.transform.run_parts import transform_parts

    data_file = run.earlier("download")
    numbers = stated(data_file)
    if not numbers:
        run.progress("the data file has no CSV: the expected number of records of each month is unknown")
    return transform_parts(
        run,
        DATASET,
        parts(data_file),
        workers=options.workers,
        use_subset=scope.use_subset,
        max_bad_records=bad.max_bad_records,
        check=partial(check_months, numbers),
    )


CHAIN = Chain("datacite", Job(download, size=SMALL), Job(transform, size=LARGE, sharded=True, folders=("quarantine",)))
