"""The attempts of a job while its events are folded.

A job may have ten thousand shards, each with a start and an end. Attempts are therefore updated in place: copying or
searching all of them at every event would make the fold quadratic.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from dmpworks.runs.ledger.events import Ended, Started
from dmpworks.runs.ledger.state import Attempt, JobState


class Attempts:
    """Attempts in order, indexed by token, with a running set of the shards that succeeded."""

    def __init__(self, known: Iterable[Attempt] = ()) -> None:
        self._all: list[Attempt] = []
        self._places: dict[str, list[int]] = defaultdict(list)  # by token
        self._submission: tuple[datetime | None, str | None] = (None, None)  # that `_done` was counted for
        self._done: dict[int, set[int]] = {}  # by the number of shards
        for attempt in known:
            self._add(attempt)

    @property
    def values(self) -> tuple[Attempt, ...]:
        """All attempts so far."""
        return tuple(self._all)

    @property
    def last(self) -> Attempt | None:
        return self._all[-1] if self._all else None

    def find(self, token: str) -> Attempt | None:
        """Return the first attempt with this token."""
        places = self._places.get(token)
        return self._all[places[0]] if places else None

    def done(self, job: JobState, of: int) -> set[int]:
        """Return the shards that succeeded: counted once per submission, then updated by `end`."""
        counted = self._counted(job)
        if of not in counted:
            counted[of] = replace(job, attempts=self.values).done(of)
        return counted[of]

    def begin(self, event: Started) -> None:
        """Add an attempt."""
        self._add(Attempt(event))

    def end(self, job: JobState, event: Ended) -> None:
        """Record the end of an attempt, and count its shard if it succeeded."""
        for place in self._places.get(event.attempt, ()):
            before = self._all[place]
            self._all[place] = replace(before, ended=event)
            self._count(job, before, self._all[place])

    def _add(self, attempt: Attempt) -> None:
        self._places[attempt.token].append(len(self._all))
        self._all.append(attempt)

    def _count(self, job: JobState, before: Attempt, ended: Attempt) -> None:
        counted, shard = self._counted(job), ended.done
        if before.done and not shard:  # its end was recorded twice: the later record counts
            counted.clear()
        elif shard and shard.of in counted and job.owns(ended):
            counted[shard.of].add(shard.number)

    def _counted(self, job: JobState) -> dict[int, set[int]]:
        """Return the counted shards, reset when the job was submitted again."""
        if self._submission != (job.submitted, job.id):
            self._submission, self._done = (job.submitted, job.id), {}
        return self._done
