"""For the command `sqlmesh` (lineage, unit tests): the job's own configuration, on an empty DuckDB in memory."""

from dmpworks.chains.process_works.settings import SqlmeshTransform
from dmpworks.chains.process_works.sqlmesh_project import sqlmesh_config

config = sqlmesh_config(SqlmeshTransform())
