"""Records that are read from and written to the database; texts are as people wrote them."""

from datetime import date, datetime

import msgspec

PENDING, ACCEPTED, REJECTED = "PENDING", "ACCEPTED", "REJECTED"
SYSTEM_MATCHED, USER_ADDED = "SYSTEM_MATCHED", "USER_ADDED"
COMPLETE = "COMPLETE"


class Affiliation(msgspec.Struct, frozen=True):
    """An organisation; its URI is for most a ROR URL."""

    uri: str
    name: str | None = None


class Member(msgspec.Struct, frozen=True):
    """A person on a plan."""

    given_name: str | None = None
    surname: str | None = None
    orcid: str | None = None
    affiliation: Affiliation | None = None
    primary_contact: bool = False


class Funding(msgspec.Struct, frozen=True):
    """A funding entry of a plan's project; award ids may be placeholders."""

    funder: Affiliation | None = None
    status: str | None = None
    project_number: str | None = None
    grant_id: str | None = None
    opportunity: str | None = None


class PlanRow(msgspec.Struct, frozen=True):
    """A plan with its project, members and fundings; `start` and `end` are text, the times are UTC."""

    dmp_id: str
    title: str | None = None
    abstract_text: str | None = None
    start: str | None = None
    end: str | None = None
    registered: datetime | None = None
    created: datetime | None = None
    modified: datetime | None = None
    members: tuple[Member, ...] = ()
    fundings: tuple[Funding, ...] = ()
    id: int = 0  # 0 for a plan that the database does not have yet


class PlanKey(msgspec.Struct, frozen=True):
    """A plan that has a `dmpId`; usable means COMPLETE and in no test project."""

    id: int
    dmp_id: str
    usable: bool
    modified: datetime | None = None


class Decisions(msgspec.Struct, frozen=True):
    """The DOIs that people accepted and rejected for one plan."""

    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """A state of a work; `hash` is 16 bytes; lists are JSON."""

    doi: str
    hash: bytes
    work_type: str | None = None
    publication_date: date | None = None
    title: str | None = None
    abstract_text: str | None = None
    authors: bytes = b"[]"
    institutions: bytes = b"[]"
    funders: bytes = b"[]"
    awards: bytes = b"[]"
    publication_venue: str | None = None
    source_name: str | None = None
    source_url: str | None = None


class Link(msgspec.Struct, frozen=True):
    """A work found for a plan: its state, scores, and evidence as JSON by column."""

    version: Version
    score: float
    score_max: float
    evidence: dict[str, bytes]


class StoredLink(msgspec.Struct, frozen=True):
    """A link that the database has; evidence is JSON text as the server writes it, which need not be as we wrote it."""

    id: int
    doi: str
    version_id: int
    hash: bytes
    status: str
    source_type: str
    score: float | None
    score_max: float | None
    evidence: dict[str, str | None]

    @property
    def decided(self) -> bool:
        """Return whether a person has accepted or rejected the work."""
        return self.status in (ACCEPTED, REJECTED)

    @property
    def user_added(self) -> bool:
        """Return whether a person brought the work in."""
        return self.source_type == USER_ADDED
