"""What a fake AWS Batch holds, and how it is told in the answers of the real one."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.batch.fake_jobs import ARN, Job, Queue, matches, millis, refused


@dataclass
class Account:
    """The queues, machines, definitions and jobs of an account, and the moment it is there."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    queues: dict[str, Queue] = field(default_factory=lambda: {"dmpworks-dev": Queue(), "dmpworks-dev-large": Queue()})
    environments: dict[str, dict[str, Any]] = field(default_factory=lambda: {"machines": {}})
    definitions: list[dict[str, Any]] = field(default_factory=lambda: [{"revision": 1}, {"revision": 2}])
    jobs: dict[str, Job] = field(default_factory=dict)

    def waiting(self, queue: str) -> list[Job]:
        """Return the RUNNABLE jobs of a queue in the order in which they get machines."""
        found = [job for job in self.jobs.values() if job.queue == queue and job.status == "RUNNABLE"]
        return sorted(found, key=lambda job: job.created)

    def children(self, job: Job) -> list[Job]:
        """Return the children of an array job by their index; none before what it depends on has succeeded."""
        found = (self.jobs.get(f"{job.id}:{index}") for index in range(job.size or 0))
        return [child for child in found if child]

    def _describe(self, jobs: list[str]) -> dict[str, Any]:
        if len(jobs) > 100:
            raise refused("DescribeJobs", "ClientException", "more than 100 jobs")
        return {"jobs": [self._detail(self.jobs[id]) for id in jobs if id in self.jobs]}

    def _detail(self, job: Job) -> dict[str, Any]:
        overrides = job.request.get("containerOverrides", {})
        kept = ("parameters", "tags", "timeout", "retryStrategy", "dependsOn", "shareIdentifier", "propagateTags")
        last = job.attempts[-1] if job.attempts else {}
        container = {"image": "dmpworks:latest", **overrides, **last.get("container", {})}
        if job.started:
            container = {"image": "dmpworks:latest", **overrides, "logStreamName": job.stream}
        array: dict[str, Any] = {}
        if job.size:
            summary = Counter(child.status for child in self.children(job))
            array = {"arrayProperties": {"size": job.size, "statusSummary": summary}}
        return {
            **{name: job.request[name] for name in kept if name in job.request},
            **self._summary(job),
            **array,
            "jobQueue": f"{ARN}:job-queue/{job.queue}",
            "jobDefinition": f"{ARN}:job-definition/{job.request['jobDefinition']}",
            "startedAt": millis(job.started) or last.get("startedAt", 0),
            "attempts": job.attempts,
            "container": container,
            "isCancelled": bool(job.stop and not job.stop_lands_on_running),
            "isTerminated": bool(job.stop and job.stop_lands_on_running),
        }

    def _summary(self, job: Job) -> dict[str, Any]:
        times = {"createdAt": millis(job.created), "startedAt": millis(job.started), "stoppedAt": millis(job.ended)}
        array = {"index": job.index} if job.index is not None else None
        told = {"statusReason": job.status_reason, "arrayProperties": array, **times}
        about = {"jobArn": f"{ARN}:job/{job.id}", "jobId": job.id, "jobName": job.name, "status": job.status}
        return about | {name: value for name, value in told.items() if value is not None}

    def _list(
        self,
        jobQueue: str = "",
        arrayJobId: str = "",
        jobStatus: str = "RUNNING",
        filters: list[dict[str, Any]] = (),  # type: ignore[assignment]
        maxResults: int = 100,
        nextToken: str = "0",
    ) -> dict[str, Any]:
        if not arrayJobId and jobQueue.rsplit("/", 1)[-1] not in self.queues:
            raise refused("ListJobs", "ClientException", f"Job queue {jobQueue} does not exist")
        found = [job for job in self.jobs.values() if job.queue == jobQueue.rsplit("/", 1)[-1] and job.index is None]
        if arrayJobId:
            found = self.children(self.jobs[arrayJobId]) if arrayJobId in self.jobs else []
        if filters:  # then the status counts for nothing
            (only,) = filters
            if only["name"] != "JOB_NAME":
                raise refused("ListJobs", "ClientException", f"the fake knows no filter {only['name']}")
            found = [job for job in found if any(matches(value, job.name) for value in only["values"])]
        else:
            found = [job for job in found if job.status == jobStatus]
        found.sort(key=lambda job: job.created, reverse=True)
        first = int(nextToken)
        page = {"jobSummaryList": [self._summary(job) for job in found[first : first + maxResults]]}
        return page | ({"nextToken": str(first + maxResults)} if found[first + maxResults :] else {})

    def _describe_queues(self, jobQueues: list[str] = (), **_: Any) -> dict[str, Any]:  # type: ignore[assignment]
        names = [name.rsplit("/", 1)[-1] for name in jobQueues] or list(self.queues)
        return {"jobQueues": [self._queue(name, self.queues[name]) for name in names if name in self.queues]}

    def _queue(self, name: str, queue: Queue) -> dict[str, Any]:
        order = [
            {"order": place, "computeEnvironment": f"{ARN}:compute-environment/{each}"}
            for place, each in enumerate(queue.environments, 1)
        ]
        told = {"jobQueueName": name, "jobQueueArn": f"{ARN}:job-queue/{name}", "priority": 1}
        told |= {"state": queue.state, "status": queue.status, "computeEnvironmentOrder": order}
        return told | ({"schedulingPolicyArn": f"{ARN}:scheduling-policy/fair"} if queue.fair_share else {})

    def _describe_environments(self, computeEnvironments: list[str] = (), **_: Any) -> dict[str, Any]:  # type: ignore[assignment]
        names = [name.rsplit("/", 1)[-1] for name in computeEnvironments] or list(self.environments)
        return {"computeEnvironments": [self._environment(name) for name in names if name in self.environments]}

    def _environment(self, name: str) -> dict[str, Any]:
        resources = {"type": "EC2", "minvCpus": 0, "maxvCpus": 256, "instanceTypes": ["optimal"], "subnets": []}
        told = {"computeEnvironmentName": name, "computeEnvironmentArn": f"{ARN}:compute-environment/{name}"}
        told |= {"ecsClusterArn": "cluster", "type": "MANAGED", "state": "ENABLED", "status": "VALID"}
        return (
            told
            | {"statusReason": "ComputeEnvironment Healthy", "computeResources": resources}
            | self.environments[name]
        )

    def _describe_definitions(
        self,
        jobDefinitionName: str = "dmpworks-dev",
        jobDefinitions: list[str] = (),
        status: str = "",
        **_: Any,  # type: ignore[assignment]
    ) -> dict[str, Any]:
        every = [self._definition(each) for each in self.definitions]
        wanted = {name.rsplit("/", 1)[-1] for name in jobDefinitions}
        found = [each for each in every if f"{each['jobDefinitionName']}:{each['revision']}" in wanted]
        if not wanted:
            found = [each for each in every if each["jobDefinitionName"] == jobDefinitionName]
        return {"jobDefinitions": [each for each in found if status in ("", each["status"])]}

    def _definition(self, given: dict[str, Any]) -> dict[str, Any]:
        sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}]
        told: dict[str, Any] = {"jobDefinitionName": "dmpworks-dev", "status": "ACTIVE", "type": "container"}
        told |= {"containerProperties": {"image": "dmpworks:latest", "resourceRequirements": sizes}} | given
        return told | {"jobDefinitionArn": f"{ARN}:job-definition/{told['jobDefinitionName']}:{told['revision']}"}

    def _snapshot(self, jobQueue: str) -> dict[str, Any]:
        front = [
            {"jobArn": f"{ARN}:job/{job.id}", "earliestTimeAtPosition": millis(job.since)}
            for job in self.waiting(jobQueue.rsplit("/", 1)[-1])[:100]
        ]
        return {"frontOfQueue": {"jobs": front, "lastUpdatedAt": millis(self.now)}}
