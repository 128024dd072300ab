"""Which links of a plan are added, refreshed, removed or left alone: pure functions of stored links and matches.

The rules: one link per plan and DOI; what a person accepted, rejected or added stays as it is; a PENDING link takes the
new scores, evidence and version; a PENDING link that was not found again is removed.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dmpworks.matching.matches import Match
from dmpworks.matching.records import Work
from dmpworks.services.database.rows import Link, StoredLink, Version


class LinkChanges(msgspec.Struct):
    """What to do with the links of one plan; `unchanged` and `decided` only count."""

    add: list[Link] = []
    refresh: dict[int, Link] = {}
    remove: list[int] = []
    versions: dict[str, int] = {}  # of works to refresh, where it is the version that is linked already
    accept: list[int] = []  # added by a person, so accepted: the only column of them that is ever set
    unchanged: int = 0
    decided: int = 0


def find_changes(stored: Sequence[StoredLink], matched: Iterable[Link]) -> LinkChanges:
    """Return what becomes of the stored links of a plan, given all links that the search found for it."""
    changes = LinkChanges()
    by_doi = {item.version.doi: item for item in reversed(list(matched))}  # the first of two links with one DOI counts
    kept = set()
    for old in sorted(stored, key=lambda old: (not old.decided, not old.user_added, old.id)):
        duplicate = old.doi in kept
        kept.add(old.doi)
        if old.decided:
            changes.decided += 1
        elif old.user_added:
            changes.accept.append(old.id)
        elif duplicate or old.doi not in by_doi:
            changes.remove.append(old.id)
        elif is_unchanged(old, by_doi[old.doi]):
            changes.unchanged += 1
        else:
            changes.refresh[old.id] = by_doi[old.doi]
            if old.hash == by_doi[old.doi].version.hash:
                changes.versions[old.doi] = old.version_id
    changes.add = [by_doi[doi] for doi in reversed(by_doi) if doi not in kept]
    return changes


def is_unchanged(old: StoredLink, new: Link) -> bool:
    """Return whether a stored link holds the version, the scores and the evidence that were found."""
    return (
        old.hash == new.version.hash
        and (old.score, old.score_max) == (new.score, new.score_max)
        and all(_same_json(old.evidence[name], text) for name, text in new.evidence.items())
    )


def _same_json(old: str | None, new: bytes) -> bool:
    """Compare as texts first: that is fast. MySQL writes JSON its own way, so other texts may mean the same."""
    return old is not None and (old.encode() == new or msgspec.json.decode(old) == msgspec.json.decode(new))


def as_link(match: Match) -> Link:
    """Return a match as the database takes it."""
    return Link(
        version=_version(match.work),
        score=match.score,
        score_max=match.score_max,
        evidence={
            "doiMatch": _json(match.doi_match),
            "contentMatch": _json(match.content_match),
            "authorMatches": _json(match.author_matches),
            "institutionMatches": _json(match.institution_matches),
            "funderMatches": _json(match.funder_matches),
            "awardMatches": _json(match.award_matches),
        },
    )


def _version(work: Work) -> Version:
    return Version(
        doi=work.doi,
        hash=bytes.fromhex(work.hash),
        work_type=work.work_type,
        publication_date=work.publication_date,
        title=work.title,
        abstract_text=work.abstract_text,
        authors=_json(work.authors),
        institutions=_json(work.institutions),
        funders=_json(work.funders),
        awards=_json(work.awards),
        publication_venue=work.publication_venue,
        source_name=work.source.name if work.source else None,
        source_url=work.source.url if work.source else None,
    )


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value)
