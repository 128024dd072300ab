"""Which parts of a transform a shard does: the same split on every machine, and about as many bytes for each."""

import heapq
from collections.abc import Sequence

from dmpworks.jobs.model import Shard


def share(sizes: Sequence[int], shard: Shard) -> list[int]:
    """Return the places of what a shard does: the largest first, each to the shard with the least until then."""
    loads, own = [(0, number) for number in range(shard.of)], []
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        load, number = loads[0]
        heapq.heapreplace(loads, (load + max(sizes[place], 1), number))
        if number == shard.number:
            own.append(place)
    return own
