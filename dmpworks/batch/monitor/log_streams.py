"""Find the log of each attempt of a run, and read streams of CloudWatch Logs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from dmpworks.batch.describe import LOG_GROUP, BatchJob, moment
from dmpworks.batch.monitor.context import RunContext
from dmpworks.runs.ledger.state import JobState, RunState, whole_id
from dmpworks.runs.ledger.store import Ledger
from dmpworks.runs.logs import Line, LocalLog, Log

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

NOT_THERE = "ResourceNotFoundException"  # a stream is created with its first line


class LogPlace(NamedTuple):
    """The log of one attempt of a job. Attempts count from 1 over all shards; `name` is the stream, or the key."""

    job: str
    attempt: int
    name: str
    log: Log
    shard: int | None = None


def log_places(
    ledger: Ledger, state: RunState, batch: Mapping[str, BatchJob], context: RunContext
) -> Iterator[LogPlace]:
    """Yield the logs of all attempts of the newest submission, in the order of jobs and attempts.

    `batch` holds its jobs by id as AWS Batch describes them; the ledger has the streams of jobs that it has forgotten.
    """
    for job in state.current:
        if not context.logs:
            key = ledger.log_key(job.submission, job.name)
            if ledger.bucket.exists(key):
                yield LogPlace(job.name, 1, key, LocalLog(ledger.bucket, key))
            continue
        streams = [(id, name) for id in ids_of(job) for name in _streams(job, batch.get(id))]
        for number, (id, name) in enumerate(streams, 1):
            if name:
                group = batch[id].log_group if id in batch else LOG_GROUP
                yield LogPlace(job.name, number, name, Stream(context.logs, group, name), shard_of(id))


def ids_of(job: JobState) -> list[str]:
    """Return the ids of the Batch jobs with a job's attempts: its own, or those of its shards that began."""
    own = (attempt for attempt in job.own if attempt.shard and whole_id(attempt.id) == job.id)
    shards = dict.fromkeys(attempt.id for attempt in own if attempt.id)
    return [*shards] or ([job.id] if job.id else [])


def shard_of(id: str) -> int | None:
    """Return the number of a shard from its id; None for the id of a whole job."""
    number = id.partition(":")[2]
    return int(number) if number else None


class Stream:
    """A CloudWatch log stream that remembers how far it was read."""

    def __init__(self, client: "CloudWatchLogsClient", group: str, name: str) -> None:
        self._client, self._group, self._name = client, group, name
        self._token: str | None = None

    def more(self) -> Iterator[Line]:
        """Yield the lines not read yet; none if the stream does not exist (yet)."""
        while True:
            token = {"nextToken": self._token} if self._token else {}
            answer = _events(self._client, self._group, self._name, startFromHead=True, **token)
            if answer is None:
                return
            yield from _lines(answer)
            if answer["nextForwardToken"] == self._token:  # the end: a page may be empty before it
                return
            self._token = answer["nextForwardToken"]

    def last(self, count: int) -> list[Line]:
        """Return the last lines; none if the stream does not exist."""
        lines: list[Line] = []
        token: str | None = None
        while len(lines) < count:
            more = {"nextToken": token} if token else {}
            limit = count - len(lines)
            answer = _events(self._client, self._group, self._name, startFromHead=False, limit=limit, **more)
            if answer is None:
                break
            lines = [*_lines(answer), *lines]
            if answer["nextBackwardToken"] == token:  # the beginning: a page may be empty before it
                break
            token = answer["nextBackwardToken"]
        return lines


def _streams(job: JobState, batch_job: BatchJob | None) -> list[str | None]:
    """Return the stream of each attempt; None for one whose container never started."""
    names = [attempt.log for attempt in (batch_job.attempts if batch_job else job.batch_attempts)]
    newest = batch_job.log if batch_job else None
    return [*names, newest] if newest and newest not in names else names


def _events(client: "CloudWatchLogsClient", group: str, stream: str, **options: Any) -> dict[str, Any] | None:
    try:
        return dict(client.get_log_events(logGroupName=group, logStreamName=stream, **options))
    except ClientError as error:
        if error.response["Error"]["Code"] == NOT_THERE:
            return None
        raise


def _lines(answer: dict[str, Any]) -> Iterator[Line]:
    for event in answer["events"]:
        yield Line(moment(event.get("timestamp")), event["message"].rstrip("\n"))
