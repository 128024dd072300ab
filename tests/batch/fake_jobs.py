"""What a fake AWS Batch is made of: jobs and queues, what containers do, which calls fail, and the rules of form."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

ARN = "arn:aws:batch:us-east-1:123456789012"
TERMINAL = ("SUCCEEDED", "FAILED")
EXITED = "Essential container in task exited"


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def refused(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def throttled(operation: str) -> ClientError:
    return refused(operation, "TooManyRequestsException", "Too Many Requests")


def expired(operation: str) -> ClientError:
    return refused(operation, "ExpiredTokenException", "The security token included in the request is expired")


def denied(operation: str) -> ClientError:
    message = f"User: arn:aws:iam::123456789012:user/ada is not authorized to perform: batch:{operation}"
    return refused(operation, "AccessDeniedException", f"{message} on resource: {ARN}:job-queue/dmpworks-dev")


NO_ANSWER = ReadTimeoutError(endpoint_url="https://batch.us-east-1.amazonaws.com/")


@dataclass
class Fault:
    """Calls of an operation (None: of any) fail, after some that do not; `acted`: AWS did it, the answer was lost."""

    operation: str | None
    error: BaseException
    after: int = 0
    times: int = 1
    acted: bool = False


@dataclass
class Execution:
    """What one attempt of a job does; `container` is told "started", and "ended" unless it is killed hard."""

    seconds: float = 60
    exit_code: int | None = 0
    reason: str | None = None  # container.reason
    status_reason: str = EXITED
    starts: bool = True  # False: no container ever ran
    container: "Callable[[Any, Job, str, int | None], None] | None" = None


def out_of_memory(seconds: float = 60) -> Execution:
    return Execution(seconds, 137, "OutOfMemoryError: Container killed due to memory usage")


def machine_lost(seconds: float = 60) -> Execution:
    return Execution(seconds, None, None, "Host EC2 (instance i-0123456789abcdef0) terminated.")


def image_not_pulled() -> Execution:
    return Execution(5, None, "CannotPullContainerError: pull access denied", "Task failed to start", starts=False)


@dataclass
class Job:
    """A Batch job: what was asked for, where it stands, and since when."""

    request: dict[str, Any]
    id: str
    created: datetime
    status: str = "SUBMITTED"
    since: datetime = field(default=datetime.min)
    status_reason: str | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    started: datetime | None = None  # the attempt under way
    ended: datetime | None = None
    stop: tuple[datetime, str] | None = None  # from when on a termination lands, and its reason
    stop_lands_on_running: bool = False
    index: int | None = None  # of a child of an array job

    @property
    def size(self) -> int | None:
        """How many children it has, if it is an array job."""
        return None if self.index is not None else self.request.get("arrayProperties", {}).get("size")

    @property
    def label(self) -> str:
        """Its name, and for a child its index: what scripts and tests call it."""
        return self.name if self.index is None else f"{self.name}:{self.index}"

    @property
    def name(self) -> str:
        return str(self.request["jobName"])

    @property
    def queue(self) -> str:
        return str(self.request["jobQueue"]).rsplit("/", 1)[-1]

    @property
    def number(self) -> int:
        """The attempt under way or to come, from 1."""
        return len(self.attempts) + 1

    @property
    def stream(self) -> str:
        return f"dmpworks/default/{self.id}-{self.number}"

    @property
    def live(self) -> bool:
        return self.status not in TERMINAL


@dataclass
class Queue:
    """A queue; `slots`: how many of its jobs may run side by side."""

    slots: int = 1000
    state: str = "ENABLED"
    status: str = "VALID"
    fair_share: bool = False
    environments: tuple[str, ...] = ("machines",)


class Pages:
    """A paginator: calls the operation until no token comes back."""

    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self.operation = operation

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self.operation(**request)
            yield page
            if not page.get("nextToken"):
                return
            request |= {"nextToken": page["nextToken"]}


def check(service: str, operation: str, values: dict[str, Any], *, of_answer: bool) -> None:
    """Hold a request or an answer against botocore's model; AssertionError where it would not do."""
    shapes = model(service).operation_model(operation)
    shape = shapes.output_shape if of_answer else shapes.input_shape
    report = ParamValidator().validate(values, shape)
    assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def matches(pattern: str, text: str) -> bool:
    """Whether a text is a pattern, or begins with it where it ends with `*`; as AWS does it, without regard to case."""
    pattern, text = pattern.lower(), text.lower()
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def millis(moment: datetime | None) -> int | None:
    """Return epoch milliseconds, as every time of AWS Batch."""
    return int(moment.timestamp() * 1000) if moment else None
