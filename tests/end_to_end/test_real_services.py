"""The whole chain with OpenSearch, MariaDB and moto's S3 gives what the embedded run gives."""

import gzip
import io
import json

import boto3
import polars as pl
from polars.testing import assert_frame_equal
from sqlalchemy import create_engine, text

from dmpworks.chains.process_dmps.database_plans import row_of_plan
from dmpworks.chains.process_dmps.decisions import load_upload
from dmpworks.chains.process_dmps.export import newest, plan_from_export
from dmpworks.services.database import open_database
from dmpworks.services.storage import Bucket, open_bucket
from tests.conftest import DATA
from tests.end_to_end.world import manifest, run_chains, settings
from tests.servers.moto import REGION, aws_environment

PLANTED = DATA / "planted"
LINKS = """
    select plans.dmpId, works.doi, relatedWorks.status, relatedWorks.sourceType, score, scoreMax
    from relatedWorks join plans on plans.id = relatedWorks.planId
    join workVersions on workVersions.id = relatedWorks.workVersionId join works on works.id = workVersions.workId
"""


def upload_world(bucket: str, url: str) -> None:
    s3 = boto3.client("s3", endpoint_url=url, region_name=REGION)
    s3.create_bucket(Bucket=bucket)
    for path in PLANTED.rglob("*"):
        if path.is_file() and path.parent != PLANTED:
            s3.upload_file(str(path), bucket, path.relative_to(PLANTED).as_posix())


def fill_database(url: str) -> None:
    """Do what the DMP Tool does: hold the plans, and what people have accepted."""
    download = PLANTED / "dmps/2026-10-01/download"
    lines = gzip.decompress((download / "coki-dmps_2026-10-01_1.jsonl.gz").read_bytes()).splitlines()
    plans, _ = newest(map(plan_from_export, lines))
    database = open_database(url)
    database.create_tables()
    assert database.load_plans([row_of_plan(plan) for plan in plans]) == 40
    load_upload(database, plans, json.loads((download / "known-outputs.json").read_text()))
    database.close()


def links(url: str) -> list[tuple]:
    with create_engine(url).connect() as connection:
        rows = connection.execute(text(LINKS)).all()
    return sorted(tuple(round(each, 3) if isinstance(each, float) else each for each in row) for row in rows)


def works(bucket: Bucket) -> pl.DataFrame:
    files = manifest(bucket, "process-works", "sqlmesh-transform").files
    tables = [pl.read_parquet(io.BytesIO(bucket.get(file.key))) for file in files if "/export/" in file.key]
    return pl.concat(tables).sort("doi")


def test_same_works_and_same_links(embedded_world, aws, opensearch_url, mariadb_database, tmp_path):
    upload_world("dmpworks-whole", aws)
    fill_database(mariadb_database)
    environ = settings(
        "dmpworks-whole",
        **aws_environment(aws),
        OPENSEARCH_URL=opensearch_url,
        OPENSEARCH_WORKS_INDEX="works-whole",
        OPENSEARCH_DMPS_INDEX="dmps-whole",
        DMP_DATABASE_URL=mariadb_database,
        PROCESS_DMPS_ENRICH_FUNDERS="none",
    )
    run_chains(environ, tmp_path)
    ours = works(open_bucket("dmpworks-whole", REGION))
    theirs = works(embedded_world)
    assert len(ours) == 2953
    assert_frame_equal(ours, theirs)
    embedded = links(f"sqlite:///{embedded_world.root}/local/dmp-tool.sqlite")
    assert len(embedded) > 400
    assert links(mariadb_database) == embedded
