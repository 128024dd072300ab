"""The DMP Tool's tables as far as dmpworks reads and writes them: names and columns are the DMP Tool's own.

In production they exist; `create_tables` makes them for the embedded SQLite database and for tests. Types are chosen
so that MySQL 8, MariaDB and SQLite all hold the same values.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql

METADATA = MetaData()
TEMPORARY = MetaData()  # apart, so that `create_tables` leaves the staging table to the connections that need it

HASH = LargeBinary(16).with_variant(mysql.BINARY(16), "mysql", "mariadb")
DOCUMENT = JSON(none_as_null=True)
LONG_TEXT = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # TEXT ends at 64 KiB there
DOI = String(512)

plans = Table(
    "plans",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("projectId", Integer, index=True),
    Column("title", Text),
    Column("status", String(32)),
    Column("dmpId", String(255), index=True),
    Column("registered", DateTime),
    Column("created", DateTime),
    Column("modified", DateTime),
)

projects = Table(
    "projects",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("title", Text),
    Column("abstractText", LONG_TEXT),
    Column("startDate", String(32)),
    Column("endDate", String(32)),
    Column("isTestProject", Boolean),
)

plan_members = Table(
    "planMembers",
    METADATA,
    Column("planId", Integer, primary_key=True),
    Column("projectMemberId", Integer, primary_key=True, autoincrement=False),
    Column("isPrimaryContact", Boolean),
)

project_members = Table(
    "projectMembers",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("projectId", Integer, index=True),
    Column("affiliationId", String(255)),
    Column("givenName", Text),
    Column("surName", Text),
    Column("orcid", String(255)),
)

project_fundings = Table(
    "projectFundings",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("projectId", Integer, index=True),
    Column("affiliationId", String(255)),
    Column("status", String(32)),
    Column("funderProjectNumber", Text),
    Column("grantId", Text),
    Column("funderOpportunityNumber", Text),
)

affiliations = Table(
    "affiliations",
    METADATA,
    Column("uri", String(255), primary_key=True),
    Column("name", Text),
)

works = Table(
    "works",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("doi", DOI, nullable=False, unique=True),
)

work_versions = Table(
    "workVersions",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("workId", Integer, ForeignKey("works.id"), nullable=False),
    Column("hash", HASH, nullable=False),
    Column("workType", String(64)),
    Column("publicationDate", Date),
    Column("title", LONG_TEXT),
    Column("abstractText", LONG_TEXT),
    Column("authors", DOCUMENT),
    Column("institutions", DOCUMENT),
    Column("funders", DOCUMENT),
    Column("awards", DOCUMENT),
    Column("publicationVenue", Text),
    Column("sourceName", String(64)),
    Column("sourceUrl", Text),
    UniqueConstraint("workId", "hash"),
)

EVIDENCE = ("doiMatch", "contentMatch", "authorMatches", "institutionMatches", "funderMatches", "awardMatches")
"""The columns of `relatedWorks` that say why a work was found."""

related_works = Table(
    "relatedWorks",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("planId", Integer, ForeignKey("plans.id"), nullable=False),
    Column("workVersionId", Integer, ForeignKey("workVersions.id"), nullable=False, index=True),
    Column("score", Double),
    Column("status", String(32), nullable=False),
    Column("scoreMax", Double),
    Column("sourceType", String(32), nullable=False),
    *(Column(name, DOCUMENT) for name in EVIDENCE),
    UniqueConstraint("planId", "workVersionId"),
)

REFRESHED = ("workVersionId", "score", "scoreMax", *EVIDENCE)
"""The columns of `relatedWorks` that a later run may change."""

staging_links = Table(
    "stagingLinks",
    TEMPORARY,
    Column("id", Integer, primary_key=True, autoincrement=False),
    *(Column(name, related_works.c[name].type) for name in REFRESHED),
    prefixes=["TEMPORARY"],
)
"""New values of links, sent in one statement, so that one more changes them all whatever their number."""
