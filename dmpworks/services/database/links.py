"""The links between one plan and works, read and changed inside one transaction.

Whatever the number of links, a plan takes a handful of statements: what is missing is inserted in bulk, and new values
of links go through a temporary table.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Text, delete, insert, select, type_coerce, update
from sqlalchemy.schema import CreateTable

from dmpworks.services.database.rows import (
    ACCEPTED,
    PENDING,
    SYSTEM_MATCHED,
    USER_ADDED,
    Link,
    StoredLink,
    Version,
)
from dmpworks.services.database.tables import (
    EVIDENCE,
    REFRESHED,
    plans,
    related_works,
    staging_links,
    work_versions,
    works,
)

BATCH = 500  # values in one IN (...)
PLACEHOLDER = bytes(16)  # the hash of a version without content


class PlanLinks:
    """The links of one plan, under a lock: nobody else changes them until the transaction ends."""

    def __init__(self, connection: Connection, plan_id: int) -> None:
        self._connection, self._plan_id = connection, plan_id

    def lock(self) -> bool:
        """Lock the plan; False when there is no such plan any more."""
        query = select(plans.c.id).where(plans.c.id == self._plan_id).with_for_update()
        return self._connection.execute(query).first() is not None

    def stored(self) -> list[StoredLink]:
        """Return the plan's links in order of id."""
        columns = [type_coerce(related_works.c[name], Text).label(name) for name in EVIDENCE]
        query = select(*(related_works.c[name] for name in _LINK_COLUMNS), *columns)
        # One table only: a lock on a join would lock the works too, which other plans share.
        query = query.where(related_works.c.planId == self._plan_id).order_by(related_works.c.id).with_for_update()
        rows = self._connection.execute(query).all()
        versions = self._versions([row.workVersionId for row in rows])
        return [
            StoredLink(
                id=row.id,
                doi=versions[row.workVersionId].doi.lower(),
                version_id=row.workVersionId,
                hash=bytes(versions[row.workVersionId].hash),
                status=row.status,
                source_type=row.sourceType,
                score=None if row.score is None else float(row.score),
                score_max=None if row.scoreMax is None else float(row.scoreMax),
                evidence={name: getattr(row, name) for name in EVIDENCE},
            )
            for row in rows
        ]

    def add(self, links: Sequence[Link], version_ids: Mapping[str, int]) -> None:
        """Insert links found by the system, PENDING."""
        fixed = {"planId": self._plan_id, "status": PENDING, "sourceType": SYSTEM_MATCHED}
        self._insert(related_works, [fixed | _values(link, version_ids) for link in links])

    def add_by_user(self, version_ids: Iterable[int]) -> None:
        """Insert links that a person brought in: ACCEPTED, without scores and evidence."""
        fixed = {"planId": self._plan_id, "status": ACCEPTED, "sourceType": USER_ADDED}
        self._insert(related_works, [fixed | {"workVersionId": version_id} for version_id in version_ids])

    def refresh(self, links: Mapping[int, Link], version_ids: Mapping[str, int]) -> None:
        """Give links, by id, new scores, evidence and versions; nothing else of them changes."""
        if not links:
            return
        self._connection.execute(CreateTable(staging_links, if_not_exists=True))
        self._connection.execute(delete(staging_links))
        self._insert(staging_links, [{"id": key} | _values(link, version_ids) for key, link in links.items()])
        # The plan's id leaves the server no way of joining but from this plan's few rows.
        of_plan = related_works.c.planId == self._plan_id
        change = update(related_works).where(of_plan, related_works.c.id == staging_links.c.id)
        self._connection.execute(change.values({name: staging_links.c[name] for name in REFRESHED}))

    def accept(self, ids: Iterable[int]) -> None:
        """Set the status of links to ACCEPTED; nothing else of them changes."""
        for batch in in_batches(ids):
            change = update(related_works).where(related_works.c.id.in_(batch)).values(status=ACCEPTED)
            self._connection.execute(change)

    def remove(self, ids: Iterable[int]) -> None:
        """Delete links."""
        for batch in in_batches(ids):
            self._connection.execute(delete(related_works).where(related_works.c.id.in_(batch)))

    def register(self, versions: Sequence[Version]) -> dict[str, int]:
        """Return the id of each version by DOI, after adding works and versions that are new.

        A DOI is left out when the database cannot distinguish it from another one (its comparison ignores accents).
        """
        work_ids = self._register_works([version.doi for version in versions])
        wanted = {(work_ids[version.doi], version.hash): version for version in versions if version.doi in work_ids}
        ids = self._version_ids(wanted)
        missing = {key: version for key, version in wanted.items() if key not in ids}
        if missing:
            self._insert(work_versions, [_content(key[0], missing[key]) for key in sorted(missing)])
            ids |= self._version_ids(missing)
        return {version.doi: ids[key] for key, version in wanted.items()}

    def register_without_content(self, dois: Sequence[str]) -> dict[str, int]:
        """Return the newest version of each DOI; a work without any gets one without content."""
        work_ids = self._register_works(dois)
        newest: dict[int, int] = {}
        for batch in in_batches(work_ids.values()):
            query = select(work_versions.c.workId, work_versions.c.id).where(work_versions.c.workId.in_(batch))
            rows = self._connection.execute(query.order_by(work_versions.c.id).with_for_update(read=True))
            newest |= {row.workId: row.id for row in rows}
        empty = [Version(doi, PLACEHOLDER) for doi, work_id in work_ids.items() if work_id not in newest]
        return {doi: newest[key] for doi, key in work_ids.items() if key in newest} | self.register(empty)

    def _register_works(self, dois: Iterable[str]) -> dict[str, int]:
        wanted = sorted(set(dois))  # in order, so that two merges wait for each other rather than deadlock
        ids = self._work_ids(wanted)
        missing = [doi for doi in wanted if doi not in ids]
        if missing:
            ignore = insert(works).prefix_with("IGNORE", dialect="mysql").prefix_with("OR IGNORE", dialect="sqlite")
            self._connection.execute(ignore, [{"doi": doi} for doi in missing])
            ids |= self._work_ids(missing)
        return {doi: ids[doi] for doi in wanted if doi in ids}

    def _work_ids(self, dois: Iterable[str]) -> dict[str, int]:
        """Return the ids of works that exist, locked so that nobody deletes them before the transaction ends."""
        ids: dict[str, int] = {}
        for batch in in_batches(dois):
            query = select(works.c.doi, works.c.id).where(works.c.doi.in_(batch)).with_for_update(read=True)
            ids |= {row.doi.lower(): row.id for row in self._connection.execute(query)}
        return ids

    def _version_ids(self, keys: Iterable[tuple[int, bytes]]) -> dict[tuple[int, bytes], int]:
        """Return the ids of versions that exist, by work and hash, locked until the transaction ends."""
        ids: dict[tuple[int, bytes], int] = {}
        for batch in in_batches(keys):
            of_works = work_versions.c.workId.in_([work_id for work_id, _ in batch])
            query = select(work_versions.c.workId, work_versions.c.hash, work_versions.c.id).where(of_works)
            rows = self._connection.execute(query.with_for_update(read=True))
            ids |= {(row.workId, bytes(row.hash)): row.id for row in rows}
        return ids

    def _versions(self, ids: Iterable[int]) -> dict[int, Any]:
        versions: dict[int, Any] = {}
        for batch in in_batches(ids):
            query = select(work_versions.c.id, work_versions.c.hash, works.c.doi)
            query = query.join_from(work_versions, works, works.c.id == work_versions.c.workId)
            versions |= {row.id: row for row in self._connection.execute(query.where(work_versions.c.id.in_(batch)))}
        return versions

    def _insert(self, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)


_LINK_COLUMNS = ("id", "workVersionId", "status", "sourceType", "score", "scoreMax")


def _values(link: Link, version_ids: Mapping[str, int]) -> dict[str, Any]:
    evidence = {name: msgspec.Raw(link.evidence[name]) for name in EVIDENCE}
    scores = {"score": link.score, "scoreMax": link.score_max}
    return {"workVersionId": version_ids[link.version.doi]} | scores | evidence


def _content(work_id: int, version: Version) -> dict[str, Any]:
    return {
        "workId": work_id,
        "hash": version.hash,
        "workType": version.work_type,
        "publicationDate": version.publication_date,
        "title": version.title,
        "abstractText": version.abstract_text,
        "authors": msgspec.Raw(version.authors),
        "institutions": msgspec.Raw(version.institutions),
        "funders": msgspec.Raw(version.funders),
        "awards": msgspec.Raw(version.awards),
        "publicationVenue": version.publication_venue,
        "sourceName": version.source_name,
        "sourceUrl": version.source_url,
    }


def in_batches(values: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """Cut values into lists of at most `size`: statements have a greatest length."""
    rest = list(values)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]
