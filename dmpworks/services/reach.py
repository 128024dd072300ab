"""Whether the servers that jobs need answer from here: asked once, briefly, changing nothing."""

from typing import TYPE_CHECKING

from dmpworks.services.search import engine_name
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import DmpTool, Search

if TYPE_CHECKING:
    from dmpworks.services.search.connection import Connection


def reach_search(options: Search, bucket: Bucket, region: str | None) -> str:
    """Return what the search engine has to say; raises SettingsError, TemporaryError or SyncError."""
    if engine_name(options, bucket) == "embedded" or not options.opensearch_url:
        return "embedded: it lies in the bucket's folder"
    from dmpworks.services.search.connection import Patience, connect

    password = options.opensearch_password.reveal() if options.opensearch_password else None
    patience = Patience(timeout=10, attempts=2)
    url, auth, username = options.opensearch_url, options.opensearch_auth, options.opensearch_username
    connection = connect(url, auth, username, password, region, patience)
    wanted = (options.opensearch_works_index, options.opensearch_dmps_index)
    there = [index for index in wanted if _has(connection, index)]
    return f"{url} answers; of its indexes it has {', '.join(there) or 'none yet'}"


def _has(connection: "Connection", index: str) -> bool:
    def ask() -> bool:
        return bool(connection.client.indices.exists(index=index))

    return connection.call(f"index {index}", ask)


def reach_database(tool: DmpTool) -> str:
    """Return what the DMP Tool's database has to say; raises SettingsError, JobError or TemporaryError."""
    if tool.dmp_database_url is None:
        return "embedded: it lies in the bucket's folder"
    from dmpworks.services.database.connection import open_engine

    open_engine(tool.dmp_database_url.reveal()).dispose()
    return "it answers"
