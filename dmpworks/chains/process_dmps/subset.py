"""The plans that a run is limited to by USE_SUBSET."""

import msgspec

from dmpworks.cleaners import identifiers
from dmpworks.datasets.subset import read_list
from dmpworks.matching.records import Institution, Plan
from dmpworks.matching.tokens import tokenize
from dmpworks.services.storage import Bucket

DOIS, INSTITUTIONS = "meta/dmp_dois.json", "meta/dmp_institutions.json"


class PlanSubset(msgspec.Struct, frozen=True):
    """Which plans to keep: those listed by DOI, and those of a listed institution."""

    dois: frozenset[str]
    rors: frozenset[str]
    names: frozenset[tuple[str, ...]]
    names_without_ror: frozenset[tuple[str, ...]]

    def contains(self, plan: Plan) -> bool:
        """Return whether the plan is listed, or an institution of it."""
        return plan.doi in self.dois or any(map(self._lists, plan.institutions))

    def _lists(self, place: Institution) -> bool:
        """Return whether an institution is listed: by ROR, or by name where the list or the plan gives no ROR."""
        names = self.names_without_ror if place.ror else self.names
        return place.ror in self.rors or tokenize(place.name) in names


def read_plan_subset(bucket: Bucket) -> PlanSubset:
    """Return the subset listed in the bucket below `meta/`; raises JobError when a list is missing or damaged."""
    listed = read_list(bucket, DOIS, list[str])
    places = read_list(bucket, INSTITUTIONS, list[Institution])
    return PlanSubset(
        dois=frozenset(doi for doi in map(identifiers.doi, listed) if doi),
        rors=frozenset(ror for place in places if (ror := identifiers.ror(place.ror))),
        names=frozenset(words for place in places if (words := tokenize(place.name))),
        names_without_ror=frozenset(
            words for place in places if (words := tokenize(place.name)) and not identifiers.ror(place.ror)
        ),
    )
