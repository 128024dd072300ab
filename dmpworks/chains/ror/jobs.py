"""START HERE: ROR, the registry of research organisations.

ROR publishes all organisations about once a month as one zip on Zenodo (https://ror.readme.io/docs/data-dump, read in
December 2026). `download` copies that zip into the bucket and checks that it is complete; `transform` reads the JSON
array in it and writes one Parquet row for each organisation, with its names and its ids in other registries.
process-works needs these to turn GRID, ISNI, Crossref Funder and Wikidata ids into ROR ids.
"""

from typing import Annotated

from dmpworks.jobs.model import SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import settings
from dmpworks.settings.shared import BadRecords


@settings(prefix="ROR")
class Source:
    """Where the release is copied from."""

    download_url: Annotated[
        str, "The release's zip: an https://, s3:// or file: URL, a folder that holds it, or `latest` on Zenodo."
    ]
    hash: Annotated[str | None, "Its hash: md5:..., sha256:... or the bare digits; checked when given."] = None
    file_name: Annotated[str | None, "Its name in the bucket.", "the last part of the URL"] = None


def download(run: Run, source: Source) -> Counts:
    """Copy ROR's zip into the bucket and check it."""
    from dmpworks.chains.ror.source import copy

    return copy(run, source.download_url, source.hash, source.file_name)


def transform(run: Run, bad: BadRecords) -> Counts | Partial:
    """Turn the ROR organisations into Parquet."""
    from dmpworks.chains.ror.reading import DATASET, parts
    from dmpworks.datasets.transform.run_parts import transform_parts

    return transform_parts(
        run,
        DATASET,
        parts(run.earlier("download")),
        workers=1,
        use_subset=False,
        max_bad_records=bad.max_bad_records,
    )


CHAIN = Chain("ror", Job(download, size=SMALL), Job(transform, size=SMALL, sharded=True, folders=("quarantine",)))
