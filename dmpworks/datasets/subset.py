"""Selects the works of a run on a subset: those listed by DOI, and those of a listed institution.

`meta/work_dois.json` is a list of DOIs, `meta/institutions.json` a list of `{name, ror}`. An institution is compared by
ROR id, or by its folded name if either the list or the work has no ROR id for it.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import msgspec

from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import folded
from dmpworks.datasets.columns.arrow import Party
from dmpworks.errors import JobError
from dmpworks.services.storage import Bucket

T = TypeVar("T")

WORK_DOIS = "meta/work_dois.json"
INSTITUTIONS = "meta/institutions.json"


class Listed(msgspec.Struct, frozen=True):
    """An institution of the list."""

    name: str | None = None
    ror: str | None = None


class Subset(NamedTuple):
    """The listed works and institutions, normalised for comparison."""

    dois: frozenset[str]
    rors: frozenset[str]
    names: frozenset[str]  # of listed institutions, folded
    names_without_ror: frozenset[str]

    def keep(self, doi: str, institutions: Iterable[Party]) -> bool:
        """Return whether a work belongs to the subset."""
        return doi in self.dois or any(map(self.contains, institutions))

    def contains(self, party: Party) -> bool:
        """Return whether an institution is listed."""
        if party.id_type == "ror":
            return party.id in self.rors or bool(
                self.names_without_ror and party.name and folded(party.name) in self.names_without_ror
            )
        return bool(party.name) and folded(party.name or "") in self.names


def read_subset(bucket: Bucket) -> Subset:
    """Read both lists from the bucket; raises JobError if one is missing or invalid."""
    dois = read_list(bucket, WORK_DOIS, list[str])
    institutions = read_list(bucket, INSTITUTIONS, list[Listed])
    named = [(folded(entry.name or ""), identifiers.ror(entry.ror)) for entry in institutions]
    return Subset(
        dois=frozenset(doi for doi in map(identifiers.doi, dois) if doi),
        rors=frozenset(ror for _, ror in named if ror),
        names=frozenset(name for name, _ in named if name),
        names_without_ror=frozenset(name for name, ror in named if name and not ror),
    )


def read_list(bucket: Bucket, key: str, kind: type[T]) -> T:
    """Return one list of a subset from the bucket; raises JobError if it is missing or invalid."""
    try:
        return msgspec.json.decode(bucket.get(key), type=kind)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
        raise JobError(
            "a list of the subset cannot be used",
            on=f"{bucket.name}: {key} {reason}",
            next="upload the list to the bucket, or run without --use-subset",
        ) from error
