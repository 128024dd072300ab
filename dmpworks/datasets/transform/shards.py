"""Distributes the parts of a transform to shards: equally on every machine, about the same bytes for each shard."""

import heapq
from collections.abc import Sequence

from dmpworks.jobs.model import Shard


def share(sizes: Sequence[int], shard: Shard) -> list[int]:
    """Return the positions of the parts of a shard: in descending size, each goes to the shard with the least bytes."""
    loads, own = [(0, number) for number in range(shard.of)], []
    for position in sorted(range(len(sizes)), key=lambda position: -sizes[position]):
        load, number = loads[0]
        heapq.heapreplace(loads, (load + max(sizes[position], 1), number))
        if number == shard.number:
            own.append(position)
    return own
