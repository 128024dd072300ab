"""For the command `sqlmesh` (lineage, unit tests): the job's own configuration, on an empty DuckDB in memory."""

from dmpworks.chains.process_works.index import sqlmesh_config
from dmpworks.chains.process_works.jobs import SqlmeshTransform

config = sqlmesh_config(SqlmeshTransform())
