"""START HERE: the Data Citation Corpus, which records which publication cites which dataset.

DataCite and Make Data Count publish the corpus from time to time as one zip of JSON arrays on Zenodo
(https://support.datacite.org/docs/data-citation-corpus, December 2026). `download` copies the zip into the bucket and
checks that it is complete; `transform` writes one Parquet row for each citation between two DOIs. process-works turns
them into relations of type "dataset citation", which lead from a plan's known article to its datasets.
"""

from typing import Annotated

from dmpworks.jobs.model import SMALL, Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import settings
from dmpworks.settings.shared import BadRecords


@settings(prefix="DATA_CITATION_CORPUS")
class Source:
    """Where the release is copied from."""

    download_url: Annotated[
        str, "The release's JSON zip: an https://, s3:// or file: URL, a folder that holds it, or `latest` on Zenodo."
    ]
    hash: Annotated[str | None, "Its hash: md5:..., sha256:... or the bare digits; checked when given."] = None
    file_name: Annotated[str | None, "Its name in the bucket.", "the last part of the URL"] = None


def download(run: Run, source: Source) -> Counts:
    """Copy the corpus' zip into the bucket and check it."""
    from dmpworks.chains.data_citation_corpus.source import copy

    return copy(run, source.download_url, source.hash, source.file_name)


def transform(run: Run, bad: BadRecords) -> Counts | Partial:
    """Turn the citations into Parquet."""
    from dmpworks.chains.data_citation_corpus.reading import DATASET, parts
    from dmpworks.datasets.transform.run_parts import transform_parts

    return transform_parts(
        run,
        DATASET,
        parts(run.earlier("download")),
        workers=1,
        use_subset=False,
        max_bad_records=bad.max_bad_records,
    )


CHAIN = Chain(
    "data-citation-corpus",
    Job(download, size=SMALL),
    Job(transform, size=SMALL, sharded=True, folders=("quarantine",)),
)
