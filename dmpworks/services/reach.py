"""Whether the servers that jobs need answer from here: asked once, briefly, changing nothing."""

from typing import TYPE_CHECKING

from dmpworks.services.search import engine_name
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import DmpTool, Search

if TYPE_CHECKING:
    from dmpworks.services.search.connection import Connection


def reach_search(options: Search, bucket: Bucket, region: str | None) -> str:
    """Return how the search engine answers; raises SettingsError, TemporaryError or SyncError."""
    if engine_name(options, bucket) == "embedded":
        return _embedded(bucket, "search engine")
    from dmpworks.services.search.connection import Patience, connect

    connection = connect(options, region, Patience(timeout=10, attempts=2))
    configured = (options.opensearch_works_index, options.opensearch_dmps_index)
    present = [index for index in configured if _exists(connection, index)]
    return f"{connection.url} answers; of its indexes it has {', '.join(present) or 'none yet'}"


def _exists(connection: "Connection", index: str) -> bool:
    return connection.call(index, lambda: bool(connection.client.indices.exists(index=index)))


def reach_database(tool: DmpTool, bucket: Bucket) -> str:
    """Return how the DMP Tool's database answers; raises SettingsError, JobError or TemporaryError."""
    if tool.dmp_database_url is None:
        return _embedded(bucket, "database")
    from dmpworks.services.database.connection import open_engine

    open_engine(tool.dmp_database_url.reveal()).dispose()
    return "it answers"


def _embedded(bucket: Bucket, what: str) -> str:
    """Return where the embedded service keeps its files; raises SettingsError when the bucket is not a folder."""
    if not bucket.is_folder:
        bucket.local_folder(what)
    return "embedded: a folder of the bucket"
