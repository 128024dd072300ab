"""The settings that several chains use; those of one chain stand in its `jobs.py`."""

from typing import Annotated, Literal

from dmpworks.settings.declare import NOT_IN_OUTPUT, Secret, settings


@settings(prefix="")
class Project:
    """Where a run lives: every job has these."""

    bucket_name: Annotated[str, "S3 bucket, or a folder when the value holds a slash (./data).", NOT_IN_OUTPUT]
    env: Annotated[
        Literal["dev", "stage", "prod"], "The deployment; names queues, job definition and jobs.", NOT_IN_OUTPUT
    ] = "dev"
    aws_region: Annotated[str | None, "AWS region of the bucket and of AWS Batch.", NOT_IN_OUTPUT] = None


@settings(prefix="")
class Submission:
    """Where AWS Batch jobs are sent: only the submitting side has these."""

    batch_queue: Annotated[str | None, "Queue of small jobs.", "dmpworks-<env>"] = None
    batch_queue_large: Annotated[str | None, "Queue of large jobs.", "dmpworks-<env>-large"] = None
    batch_job_definition: Annotated[
        str | None, "Job definition: a name, name:revision or ARN; pinned to a revision.", "dmpworks-<env>"
    ] = None
    batch_share_identifier: Annotated[str | None, "Share of the queue, where it has a fair-share policy."] = None
    batch_price_vcpu_hour: Annotated[float | None, "Dollars a vCPU-hour, for estimates.", "the package's table"] = None
    batch_price_gib_hour: Annotated[float | None, "Dollars a GiB-hour, for estimates.", "the package's table"] = None


@settings(prefix="")
class BadRecords:
    """When single bad records become a failure."""

    max_bad_records: Annotated[
        float, "Share of a job's records that may be set aside before it fails.", NOT_IN_OUTPUT
    ] = 0.001


@settings(prefix="")
class Search:
    """The search engine."""

    search_engine: Annotated[
        Literal["opensearch", "embedded"] | None,
        "The search engine.",
        "embedded with a folder as bucket, else opensearch",
    ] = None
    opensearch_url: Annotated[str | None, "Address of OpenSearch, such as https://search.example.org:443."] = None
    opensearch_auth: Annotated[
        Literal["none", "basic", "aws"], "How requests to OpenSearch are signed.", NOT_IN_OUTPUT
    ] = "none"
    opensearch_username: Annotated[str | None, "User for basic authentication.", NOT_IN_OUTPUT] = None
    opensearch_password: Annotated[Secret | None, "Password for basic authentication."] = None
    opensearch_works_index: Annotated[str, "Index of works."] = "works"
    opensearch_dmps_index: Annotated[str, "Index of plans."] = "dmps"


@settings(prefix="")
class DmpTool:
    """The DMP Tool's database."""

    dmp_database_url: Annotated[
        Secret | None,
        "The DMP Tool's database, such as mysql+pymysql://user:password@host/dmptool.",
        "SQLite under <bucket>/local/ with a folder as bucket",
    ] = None


@settings(prefix="")
class RorInput:
    """Which ROR run is read."""

    ror_run_id: Annotated[str, "Run of the chain ror to read (YYYY-MM-DD)."]


@settings(prefix="")
class OpenalexWorksInput:
    """Which OpenAlex run is read."""

    openalex_works_run_id: Annotated[str, "Run of the chain openalex-works to read (YYYY-MM-DD)."]


@settings(prefix="")
class CrossrefMetadataInput:
    """Which Crossref run is read."""

    crossref_metadata_run_id: Annotated[str, "Run of the chain crossref-metadata to read (YYYY-MM-DD)."]


@settings(prefix="")
class DataciteInput:
    """Which DataCite run is read."""

    datacite_run_id: Annotated[str, "Run of the chain datacite to read (YYYY-MM-DD)."]


@settings(prefix="")
class DataCitationCorpusInput:
    """Which Data Citation Corpus run is read."""

    data_citation_corpus_run_id: Annotated[str, "Run of the chain data-citation-corpus to read (YYYY-MM-DD)."]


@settings(prefix="")
class DmpsInput:
    """Which uploaded plans are read."""

    dmps_run_id: Annotated[str, "Upload of plans to read (YYYY-MM-DD): dmps/<id>/download/."]
