"""START HERE: OpenAlex works, some 500 million records of scholarly works, half of them in an expansion pack ("xpac").

`download` copies a release (Parquet, or JSON Lines) from OpenAlex's public bucket into ours inside S3, or only lists it
to be read in place, every file checked against the release's manifest. Files that the previous run copied and that
have not changed are reused. The hash of a file that stays in S3 is compared if S3 provides one; the job reports the
number of files without. `transform` reads either copy (`reading.py`), converts each work with a DOI to a row
(`records.py`, pure) and writes Parquet with the columns of `schema.py`. What all datasets share (worker processes,
quarantine, subsets) is in `dmpworks/datasets/`; the process-works chain builds the works index from the result.
"""

from typing import Annotated, Literal

from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, settings
from dmpworks.settings.shared import BadRecords


@settings(prefix="OPENALEX_WORKS")
class Source:
    """OpenAlex works."""

    source: Annotated[str, "The release: an s3:// address, a folder or a file: URL that holds its manifest.json."] = (
        "s3://openalex/data/parquet/works/"
    )
    download_mode: Annotated[
        Literal["copy", "reference"],
        "copy: copy the files into the bucket (server-side within S3); reference: read them at their source.",
    ] = "copy"


@settings(prefix="OPENALEX_WORKS")
class Scope:
    """Which OpenAlex works are kept."""

    use_subset: Annotated[bool, "Keep only the works that meta/work_dois.json and meta/institutions.json name."] = False


@settings(prefix="OPENALEX_WORKS_TRANSFORM")
class Transform:
    """The transform of OpenAlex works."""

    workers: Annotated[int, "Processes; 0 = one per core.", DOES_NOT_AFFECT_OUTPUT] = 0
    include_xpac: Annotated[bool, "Keep works of the expansion pack too, records of lower quality."] = False


DEFAULT = Source()


def download(run: Run, source: Source) -> Counts:
    """Copy a release of OpenAlex works into the bucket, or list it at its source, checked against its manifest."""
    from dmpworks.chains.openalex_works.source import copy

    return copy(run, source.source, in_place=source.download_mode == "reference")


def transform(
    run: Run, scope: Scope, options: Transform, bad: BadRecords, source: Source = DEFAULT
) -> Counts | Partial:
    """Turn OpenAlex works into Parquet."""
    from dmpworks.chains.openalex_works.reading import DATASET, parts
    from dmpworks.datasets.transform.run_parts import transform_parts

    return transform_parts(
        run,
        DATASET.with_options(include_xpac=options.include_xpac),
        parts(run.earlier("download")),
        workers=options.workers,
        use_subset=scope.use_subset,
        max_bad_records=bad.max_bad_records,
        source=source.source,
    )


CHAIN = Chain(
    "openalex-works",
    Job(download, size=SMALL),
    Job(transform, size=LARGE, sharded=True, folders=("quarantine",)),
)
