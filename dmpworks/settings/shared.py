"""The settings that several chains use; those of one chain stand in its `jobs.py`."""

from typing import Annotated, Literal

from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, NOT_FROM_LEDGER, RequiredWhen, Secret, settings


@settings(prefix="")
class Project:
    """Where a run lives: every job has these."""

    bucket_name: Annotated[str, "S3 bucket, or a folder when the value holds a slash (./data).", DOES_NOT_AFFECT_OUTPUT]
    env: Annotated[
        Literal["dev", "stage", "prod"],
        "The deployment; names queues, job definition and jobs.",
        DOES_NOT_AFFECT_OUTPUT,
    ] = "dev"
    aws_region: Annotated[str | None, "AWS region of the bucket and of AWS Batch.", DOES_NOT_AFFECT_OUTPUT] = None


@settings(prefix="", owns=["BATCH_"])
class Submission:
    """Where AWS Batch jobs are sent: only the submitting side has these."""

    batch_queue: Annotated[str | None, "Queue of small jobs.", "dmpworks-<env>", NOT_FROM_LEDGER] = None
    batch_queue_large: Annotated[str | None, "Queue of large jobs.", "dmpworks-<env>-large", NOT_FROM_LEDGER] = None
    batch_job_definition: Annotated[
        str | None,
        "Job definition: a name, name:revision or ARN; pinned to a revision.",
        "dmpworks-<env>",
        NOT_FROM_LEDGER,
    ] = None
    batch_share_identifier: Annotated[str | None, "Share of the queue, where it has a fair-share policy."] = None
    batch_price_vcpu_hour: Annotated[float | None, "Dollars a vCPU-hour, for estimates.", "the package's table"] = None
    batch_price_gib_hour: Annotated[float | None, "Dollars a GiB-hour, for estimates.", "the package's table"] = None


@settings(prefix="", owns=["MAX_BAD_"])
class BadRecords:
    """When single bad records become a failure."""

    max_bad_records: Annotated[
        float, "Share of a job's records that may be set aside before it fails.", DOES_NOT_AFFECT_OUTPUT
    ] = 0.001


_OPENSEARCH = RequiredWhen(lambda search: search.search_engine != "embedded", "the search engine is OpenSearch")
_BASIC = RequiredWhen(
    lambda search: search.search_engine != "embedded" and search.opensearch_auth == "basic", "OPENSEARCH_AUTH is basic"
)


@settings(prefix="", owns=["OPENSEARCH_", "SEARCH_ENGINE"])
class Search:
    """The search engine."""

    search_engine: Annotated[
        Literal["opensearch", "embedded"] | None,
        "The search engine.",
        "embedded with a folder as bucket, else opensearch",
    ] = None
    opensearch_url: Annotated[
        str | None, "Address of OpenSearch, such as https://search.example.org:443.", _OPENSEARCH, NOT_FROM_LEDGER
    ] = None
    opensearch_auth: Annotated[
        Literal["none", "basic", "aws"], "How requests to OpenSearch are signed.", DOES_NOT_AFFECT_OUTPUT
    ] = "none"
    opensearch_username: Annotated[str | None, "User for basic authentication.", DOES_NOT_AFFECT_OUTPUT, _BASIC] = None
    opensearch_password: Annotated[Secret | None, "Password for basic authentication.", _BASIC] = None
    opensearch_works_index: Annotated[str, "Index of works."] = "works"
    opensearch_dmps_index: Annotated[str, "Index of plans."] = "dmps"


@settings(prefix="", owns=["DMP_"])
class DmpTool:
    """The DMP Tool's database."""

    dmp_database_url: Annotated[
        Secret | None,
        "The DMP Tool's database, such as mysql+pymysql://user:password@host/dmptool.",
        "SQLite under <bucket>/local/ with a folder as bucket",
        RequiredWhen(lambda tool: True, "a container has no database of its own"),
    ] = None
