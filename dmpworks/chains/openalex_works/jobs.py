"""START HERE: OpenAlex works: some 500 million records of scholarly works, half of them an expansion pack ("xpac").

`download` copies a release (Parquet, or JSON Lines) from OpenAlex's public bucket into ours inside S3, or only lists it
to be read in place, every file checked against the release's manifest; what the previous run has copied and has not
changed is taken over. Of files that stay in S3 a stated hash is compared as far as S3 tells one; the job says of how
many it does not. `transform` reads either copy (`reading.py`), makes one row of each work that has a DOI (`records.py`,
pure) and writes Parquet with the columns of `schema.py`. What all datasets share, worker processes, quarantine and
subsets, lies in `dmpworks/datasets/`; the process-works chain makes the works index of the result.
"""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from dmpworks.chains.openalex_works import source as release
from dmpworks.jobs.model import LARGE, SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import NOT_IN_OUTPUT, settings
from dmpworks.settings.shared import BadRecords

if TYPE_CHECKING:
    from dmpworks.datasets.download.checksums import Digest
    from dmpworks.datasets.sources.s3 import Access

PUBLIC = "s3://openalex/"
REGION = "us-east-1"


@settings(prefix="OPENALEX_WORKS")
class Source:
    """OpenAlex works."""

    source: Annotated[str, "Where a release lies: s3://, a folder or a file: URL that holds its manifest.json."] = (
        "s3://openalex/data/parquet/works/"
    )
    download_mode: Annotated[
        Literal["copy", "reference"],
        "copy: into the bucket, inside S3 where both are; reference: transform reads the files where they lie.",
    ] = "copy"


@settings(prefix="OPENALEX_WORKS")
class Scope:
    """Which OpenAlex works are kept."""

    use_subset: Annotated[bool, "Keep only the works that meta/work_dois.json and meta/institutions.json name."] = False


@settings(prefix="OPENALEX_WORKS_TRANSFORM")
class Transform:
    """The transform of OpenAlex works."""

    workers: Annotated[int, "Processes; 0 = one per core.", NOT_IN_OUTPUT] = 0
    include_xpac: Annotated[bool, "Keep works of the expansion pack too, records of lower quality."] = False


def download(run: Run, source: Source) -> Counts:
    """Copy a release of OpenAlex works into the bucket, or list it where it lies, checked against its manifest."""
    from dmpworks.datasets.download.checksums import digest_of
    from dmpworks.datasets.download.copy import copy_files, publish_made
    from dmpworks.datasets.download.in_place import refer_to
    from dmpworks.datasets.sources.opening import open_source
    from dmpworks.datasets.sources.source import Item, read

    place = open_source(source.source, _access(run, source.source))
    content = read(place, release.NAME)
    listed = release.parse_release(content, f"{place.address} {release.NAME}").listed
    records = sum(entry.meta.record_count or 0 for entry in listed)
    run.progress(f"the release lists {len(listed):,} files with {records:,} records")
    found = {item.name: item for item in place.items()}
    release.check_sizes(place.address, listed, {name: item.size for name, item in found.items()})
    items = [Item(entry.name, found[entry.name].size, found[entry.name].etag) for entry in listed]
    digests = {entry.name: stated for entry in listed if (stated := _digests(entry.meta))}
    if source.download_mode == "reference":
        counts = refer_to(run, place, items, digests)
    else:
        counts = copy_files(run, place, items, {name: first for name, (first, *_) in digests.items()}, previous=True)
    # The very bytes that the files were checked against: the source's manifest may be another one by now.
    publish_made(run, release.NAME, place.locate(release.NAME), str(digest_of(content)), lambda: content)
    return counts + Counts(also={"records stated": records})


def transform(run: Run, scope: Scope, options: Transform, bad: BadRecords) -> Counts | Partial:
    """Turn OpenAlex works into Parquet."""
    from dmpworks.chains.openalex_works import reading, records, schema
    from dmpworks.datasets.transform.run_parts import Dataset, Part
    from dmpworks.datasets.transform.run_parts import transform as write_parts

    phase = run.earlier("download")
    manifests = {file.key: phase.content(file) for file in phase.files if release.is_manifest(file.key)}
    found = release.inputs(phase.files, manifests)
    columns = partial(records.columns, include_xpac=options.include_xpac)
    return write_parts(
        run,
        Dataset(schema.SCHEMA, reading.read, columns, schema.DICTIONARY),
        [Part(file, stated) for file, stated in found],
        workers=options.workers,
        use_subset=scope.use_subset,
        max_bad_records=bad.max_bad_records,
    )


def _access(run: Run, source: str) -> "Access":
    from dmpworks.datasets.sources.s3 import Access

    return Access(region=REGION, anonymous=True) if source.startswith(PUBLIC) else Access(region=run.region)


def _digests(meta: release.Meta) -> "list[Digest]":
    from dmpworks.datasets.download.checksums import Digest

    stated = {"sha256": meta.sha256, "md5": meta.md5}
    return [Digest(algorithm, value.lower()) for algorithm, value in stated.items() if value]


CHAIN = Chain("openalex-works", Job(download, size=SMALL), Job(transform, size=LARGE, sharded=True))
