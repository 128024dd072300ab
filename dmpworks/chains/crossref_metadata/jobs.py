"""START HERE: Crossref Metadata, the records that publishers deposit for their publications.

Once a year Crossref publishes all records as one tar of gzip JSON Lines, in a requester-pays bucket
(https://www.crossref.org/documentation/retrieve-metadata/, December 2026). `download` copies the newest tar inside S3
and indexes the files in it; `transform` reads them inside the tar and writes one Parquet row for each record: title,
abstract, funders, awards and relations. process-works adds these to OpenAlex's works, which lack many of them.
"""

from typing import Annotated

from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, settings
from dmpworks.settings.shared import BadRecords


@settings(prefix="CROSSREF_METADATA")
class Source:
    """Where the public data file is copied from."""

    source: Annotated[
        str, "An s3:// address (requester pays), file: URL or folder: a tar, or *.jsonl.gz; the newest tar is taken."
    ] = "s3://api-snapshots-reqpays-crossref/"


@settings(prefix="CROSSREF_METADATA")
class Scope:
    """Which works are kept."""

    use_subset: Annotated[bool, "Keep only the works and institutions listed in meta/ of the bucket."] = False


@settings(prefix="CROSSREF_METADATA_TRANSFORM")
class Transform:
    """How the transform runs."""

    workers: Annotated[int, "Processes; 0 = one per core.", DOES_NOT_AFFECT_OUTPUT] = 0


def download(run: Run, source: Source) -> Counts:
    """Copy Crossref's newest public data file into the bucket, and index the files in it."""
    from dmpworks.chains.crossref_metadata.source import copy

    return copy(run, source.source)


def transform(run: Run, options: Transform, scope: Scope, bad: BadRecords) -> Counts | Partial:
    """Turn the Crossref records into Parquet."""
    from dmpworks.chains.crossref_metadata.reading import DATASET, parts
    from dmpworks.datasets.transform.run_parts import transform_parts

    return transform_parts(
        run,
        DATASET,
        parts(run.earlier("download")),
        workers=options.workers,
        use_subset=scope.use_subset,
        max_bad_records=bad.max_bad_records,
    )


CHAIN = Chain(
    "crossref-metadata",
    Job(download, size=SMALL),
    Job(transform, size=LARGE, sharded=True, folders=("quarantine",)),
)
