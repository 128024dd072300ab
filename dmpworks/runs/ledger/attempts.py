"""The attempts of a job while its events are folded: they grow in place, for a job may have ten thousand shards.

Each of them begins and ends: to copy or to search all attempts at every event would make the fold quadratic.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from dmpworks.runs.ledger.events import Ended, Started
from dmpworks.runs.ledger.state import Attempt, JobState


class Attempts:
    """Attempts in order, found by their token, their shards counted as they succeed."""

    def __init__(self, known: Iterable[Attempt] = ()) -> None:
        self._all: list[Attempt] = []
        self._places: dict[str, list[int]] = defaultdict(list)  # by token
        self._submission: tuple[datetime | None, str | None] = (None, None)  # that `_done` was counted for
        self._done: dict[int, set[int]] = {}  # by the number of shards
        for one in known:
            self._add(one)

    @property
    def values(self) -> tuple[Attempt, ...]:
        """All attempts as they stand now."""
        return tuple(self._all)

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self._all[-1] if self._all else None

    def find(self, token: str) -> Attempt | None:
        """Return the attempt of this token."""
        places = self._places.get(token)
        return self._all[places[0]] if places else None

    def done(self, job: JobState, of: int) -> set[int]:
        """Return the shards done, counted once per submission and kept up to date from then on."""
        counted = self._counted(job)
        if of not in counted:
            counted[of] = replace(job, attempts=self.values).done(of)
        return counted[of]

    def begin(self, event: Started) -> None:
        """Add an attempt."""
        self._add(Attempt(event))

    def end(self, job: JobState, event: Ended) -> None:
        """Write to an attempt how it ended, and count the shard of the job that it has done."""
        for place in self._places.get(event.attempt, ()):
            before = self._all[place]
            self._all[place] = replace(before, ended=event)
            self._count(job, before, self._all[place])

    def _add(self, one: Attempt) -> None:
        self._places[one.token].append(len(self._all))
        self._all.append(one)

    def _count(self, job: JobState, before: Attempt, ended: Attempt) -> None:
        counted, shard = self._counted(job), ended.done
        if before.done and not shard:  # its end was recorded twice: the later record counts
            counted.clear()
        elif shard and shard.of in counted and job.owns(ended):
            counted[shard.of].add(shard.number)

    def _counted(self, job: JobState) -> dict[int, set[int]]:
        """Return the shards counted so far; none once the job is another Batch job, or was sent at another time."""
        if self._submission != (job.submitted, job.id):
            self._submission, self._done = (job.submitted, job.id), {}
        return self._done
