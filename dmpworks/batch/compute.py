"""The machines behind a queue: which compute environments, in what state, and how large their instances are."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

INSTANCE = re.compile(r"([a-z]+)\d[a-z0-9-]*\.(\d*)(large|xlarge)")  # such as r6i.8xlarge
GIB_PER_VCPU = {"c": 2, "m": 4, "r": 8}
USABLE = 0.96  # of an instance's memory, about: ECS and the kernel keep the rest


class Machines(msgspec.Struct, frozen=True, kw_only=True):
    """A compute environment."""

    name: str
    state: str
    status: str
    reason: str | None = None
    max_vcpus: int | None = None
    instance_types: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether AWS Batch may start machines in it."""
        return self.state == "ENABLED" and self.status in ("VALID", "UPDATING", "CREATING")

    @property
    def largest(self) -> int | None:
        """The most memory (MiB) a job can have, if the instance types are sizes: a family or `optimal` has none."""
        sizes = [memory_of(each) for each in self.instance_types]
        known = [size for size in sizes if size is not None]
        return max(known) if known and len(known) == len(sizes) else None

    def __str__(self) -> str:
        text = f"{self.name}: {self.state}, {self.status}"
        text += f", at most {self.max_vcpus} vCPUs" if self.max_vcpus is not None else ""
        text += f" of {', '.join(self.instance_types)}" if self.instance_types else ""
        return text + (f" ({self.reason})" if self.reason and not self.usable else "")


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """A job queue and the machines behind it, in the order in which AWS Batch tries them."""

    name: str
    state: str
    status: str
    reason: str | None = None
    fair_share: bool = False
    machines: tuple[Machines, ...] = ()

    @property
    def largest(self) -> int | None:
        """The most memory (MiB) a job can have here, where that is known of every compute environment."""
        sizes = [each.largest for each in self.machines]
        known = [size for size in sizes if size is not None]
        return max(known) if known and len(known) == len(sizes) else None


def queues_named(client: "BatchClient", names: Iterable[str]) -> dict[str, Queue]:
    """Return these queues with their machines, by the given name or ARN; those that do not exist are left out."""
    wanted = sorted(set(names))
    queues = client.describe_job_queues(jobQueues=wanted)["jobQueues"]
    arns = sorted({each["computeEnvironment"] for queue in queues for each in queue["computeEnvironmentOrder"]})
    found = client.describe_compute_environments(computeEnvironments=arns)["computeEnvironments"] if arns else []
    machines = {each["computeEnvironmentArn"]: _machines(each) for each in found}
    by_text = {queue[key]: _queue(queue, machines) for queue in queues for key in ("jobQueueName", "jobQueueArn")}
    return {name: by_text[name] for name in wanted if name in by_text}


def memory_of(instance_type: str) -> int | None:
    """Return what a job can have of an instance's memory (MiB), from its name; None for a family or an unknown size."""
    match = INSTANCE.fullmatch(instance_type)
    if not match or match[1] not in GIB_PER_VCPU:
        return None
    vcpus = 2 if match[3] == "large" else 4 * int(match[2] or 1)
    return int(vcpus * GIB_PER_VCPU[match[1]] * 1024 * USABLE)


def _queue(response: Mapping[str, Any], machines: Mapping[str, Machines]) -> Queue:
    order = sorted(response["computeEnvironmentOrder"], key=lambda each: each["order"])
    return Queue(
        name=response["jobQueueName"],
        state=response["state"],
        status=response.get("status", "VALID"),
        reason=response.get("statusReason"),
        fair_share=bool(response.get("schedulingPolicyArn")),
        machines=tuple(
            machines[each["computeEnvironment"]] for each in order if each["computeEnvironment"] in machines
        ),
    )


def _machines(response: Mapping[str, Any]) -> Machines:
    resources = response.get("computeResources", {})
    return Machines(
        name=response["computeEnvironmentName"],
        state=response.get("state", "ENABLED"),
        status=response.get("status", "VALID"),
        reason=response.get("statusReason"),
        max_vcpus=resources.get("maxvCpus"),
        instance_types=tuple(resources.get("instanceTypes", ())),
    )
