"""What jobs wrote: where the log of each attempt lies, and streams of CloudWatch Logs, read on as they grow."""

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

NOT_THERE = "ResourceNotFoundException"  # a stream comes into being with its first line


class LogPlace(NamedTuple):
    """The log of one attempt (from 1, those of all shards) of a job, and its name: of the stream, or the key."""

    job: str
    attempt: int
    name: str
    log: Log
    shard: int | None = None


def log_places(
    ledger: Ledger, state: RunState, batch: Mapping[str, BatchJob], context: RunContext
) -> Iterator[LogPlace]:
    """Yield the logs of all attempts of the newest submission, in the order of jobs and attempts.

    `batch` are its jobs as AWS Batch tells them; of those it has forgotten the ledger knows the streams.
    """
    for job in state.current:
        if not context.logs:
            key = ledger.log_key(job.submission, job.name)
            if ledger.bucket.exists(key):
                yield LogPlace(job.name, 1, key, LocalLog(ledger.bucket, key))
            continue
        streams = [(id, told, name) for id in ids_of(job) for told in [batch.get(id)] for name in _streams(job, told)]
        for number, (id, told, name) in enumerate(streams, 1):
            if name:
                log = Stream(context.logs, told.log_group if told else LOG_GROUP, name)
                yield LogPlace(job.name, number, name, log, shard_of(id))


def ids_of(job: JobState) -> list[str]:
    """Return the ids under which AWS Batch tells of a job's attempts: its own, or those of its shards that began."""
    shards = dict.fromkeys(one.id for one in job.own if one.shard and one.id and whole_id(one.id) == job.id)
    return [*shards] or ([job.id] if job.id else [])


def shard_of(id: str) -> int | None:
    """Return the number of the shard that an id stands for."""
    number = id.partition(":")[2]
    return int(number) if number else None


class Stream:
    """A log stream that is read on from where it was read to."""

    def __init__(self, client: "CloudWatchLogsClient", group: str, name: str) -> None:
        self._client, self._group, self._name = client, group, name
        self._token: str | None = None

    def more(self) -> Iterator[Line]:
        """Yield the lines that were not read yet; none where the stream is not there (yet)."""
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
        """Return the last lines; none where the stream is not there."""
        answer = _events(self._client, self._group, self._name, startFromHead=False, limit=count)
        return list(_lines(answer)) if answer else []


def _streams(job: JobState, told: BatchJob | None) -> list[str | None]:
    """Return the stream of each attempt; one whose container never started has none."""
    names = [one.log for one in (told.tries if told else job.tries)]
    return [*names, told.log] if told and told.log and told.log not in names else names


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
