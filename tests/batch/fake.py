"""A small AWS Batch with the real client's methods and answers, and a clock of its own.

Every request and every answer is held against botocore's own model of the service. Nothing happens between two calls
unless `sleep` lets time pass:

    batch = FakeBatch()
    batch.scripts["count"] = [Execution(exit_code=137), Execution(seconds=60)]   # first attempt, second attempt
    batch.scripts["count:3"] = [Execution(exit_code=1)]                          # the child 3 of an array job
    batch.faults.append(Fault("SubmitJob", throttled("SubmitJob"), after=1))     # the second call is throttled
    batch.stuck["dmpworks-dev"] = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - ..."

Code under test is given `batch` as client, `batch.clock` as clock and `batch.sleep` as sleep. Beside it: `fake_jobs.py`
(executions, faults and what AWS says), `fake_logs.py`, `fake_containers.py` (a container that writes the ledger),
`fake_stored.py` (the same in a file, for several processes).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from tests.batch.fake_answers import Account
from tests.batch.fake_jobs import ARN, Execution, Fault, Job, Pages, check, matches, millis, refused

MEMORY = timedelta(days=7)  # how long AWS Batch remembers a job that has ended


@dataclass
class FakeBatch(Account):
    """AWS Batch in memory."""

    scripts: dict[str, list[Execution]] = field(default_factory=dict)  # by the end of the job's name
    faults: list[Fault] = field(default_factory=list)
    stuck: dict[str, str] = field(default_factory=dict)  # queue -> the reason its head is given
    start_delay: float = 20  # seconds from RUNNABLE to STARTING
    cancel_delay: float = 5  # seconds until a termination lands
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    # time

    def clock(self) -> datetime:
        """Return the moment it is here."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass in whole seconds, one by one as long as anything is under way."""
        until = self.now + timedelta(seconds=ceil(seconds))
        while self.now < until:
            busy = any(job.live for job in self.jobs.values())
            self.now = min(self.now + timedelta(seconds=1), until) if busy else until
            for job in list(self.jobs.values()):
                if job.live:
                    self._step(job)
        self.jobs = {id: job for id, job in self.jobs.items() if not job.ended or self.now - job.ended < MEMORY}

    def job(self, end: str) -> Job:
        """Return the newest job whose name ends so; of a child the name is followed by `:` and its index."""
        return [job for job in self.jobs.values() if job.label.endswith(end)][-1]

    def names(self, operation: str) -> list[str]:
        """Return which jobs were submitted or terminated, in the order of the calls, by the ends of their names."""
        found = [call for name, call in self.calls if name == operation]
        return [call.get("jobName") or self.jobs[call["jobId"]].name for call in found]

    # what the real client has

    def submit_job(self, **request: Any) -> dict[str, Any]:
        return self._answer("SubmitJob", request, self._submit)

    def describe_jobs(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeJobs", request, self._describe)

    def list_jobs(self, **request: Any) -> dict[str, Any]:
        return self._answer("ListJobs", request, self._list)

    def terminate_job(self, **request: Any) -> dict[str, Any]:
        return self._answer("TerminateJob", request, self._terminate)

    def cancel_job(self, **request: Any) -> dict[str, Any]:
        return self._answer("CancelJob", request, self._cancel)

    def describe_job_queues(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeJobQueues", request, self._describe_queues)

    def describe_compute_environments(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeComputeEnvironments", request, self._describe_environments)

    def describe_job_definitions(self, **request: Any) -> dict[str, Any]:
        return self._answer("DescribeJobDefinitions", request, self._describe_definitions)

    def get_job_queue_snapshot(self, **request: Any) -> dict[str, Any]:
        return self._answer("GetJobQueueSnapshot", request, self._snapshot)

    def get_paginator(self, operation: str) -> "Pages":
        return Pages(getattr(self, operation))

    def _answer(self, operation: str, request: dict[str, Any], act: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        check("batch", operation, request, of_answer=False)
        self.calls.append((operation, request))
        fault = self._fault(operation)
        if fault and not fault.acted:
            raise fault.error
        answer = act(**request)
        if fault:
            raise fault.error
        check("batch", operation, answer, of_answer=True)
        return answer

    def _fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation in (None, operation) and fault.times:
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    # submission and termination

    def _submit(self, **request: Any) -> dict[str, Any]:
        queue = self.queues.get(str(request["jobQueue"]).rsplit("/", 1)[-1])
        if queue is None or queue.state != "ENABLED":
            raise refused("SubmitJob", "ClientException", f"JobQueue {request['jobQueue']} not found or disabled.")
        if queue.fair_share != ("shareIdentifier" in request):
            raise refused("SubmitJob", "ClientException", "shareIdentifier does not fit the queue's scheduling policy")
        if queue.fair_share and "schedulingPriorityOverride" not in request:
            which = "schedulingPriority in job definition or schedulingPriorityOverride"
            raise refused("SubmitJob", "ClientException", f"Either {which} is required.")
        for before in request.get("dependsOn", []):
            if before["jobId"] not in self.jobs:
                raise refused("SubmitJob", "ClientException", f"Job {before['jobId']} does not exist")
        number = sum(1 for name, _ in self.calls if name == "SubmitJob")
        job = Job(request, f"00000000-0000-4000-8000-{number:012}", self.now, since=self.now)
        self.jobs[job.id] = job
        return {"jobName": job.name, "jobId": job.id, "jobArn": f"{ARN}:job/{job.id}"}

    def _terminate(self, jobId: str, reason: str) -> dict[str, Any]:
        job = self.jobs.get(jobId)
        for each in [job, *self.children(job)] if job else []:
            if each.live and not each.stop:
                each.stop = (self.now + timedelta(seconds=self.cancel_delay), reason)
                each.stop_lands_on_running = True
        return {}

    def _cancel(self, jobId: str, reason: str) -> dict[str, Any]:
        job = self.jobs.get(jobId)
        if job and job.status in ("SUBMITTED", "PENDING", "RUNNABLE") and not job.stop:
            job.stop = (self.now + timedelta(seconds=self.cancel_delay), reason)
        return {}

    # one second of a job's life

    def _step(self, job: Job) -> None:
        if self._stopped(job):
            return
        if job.status == "SUBMITTED":
            self._to(job, "PENDING" if job.request.get("dependsOn") or job.size else "RUNNABLE")
        elif job.status == "PENDING" and self.children(job):
            self._await_children(job)
        elif job.status == "PENDING":
            self._await(job)
        elif job.status == "RUNNABLE":
            self._await_machine(job)
        elif job.status == "STARTING":
            self._start(job)
        else:
            self._run(job)

    def _stopped(self, job: Job) -> bool:
        """Whether a termination lands now; that of a PENDING job waits until what it depends on has ended."""
        if not job.stop or self.now < job.stop[0] or any(child.live for child in self.children(job)):
            return False
        if job.status == "PENDING" and any(before.live for before in self._before(job)):
            return True
        if job.status in ("STARTING", "RUNNING") and not job.stop_lands_on_running:
            return False
        execution = self._execution(job)
        if job.started:
            self._end_attempt(job, Execution(exit_code=130, container=execution.container))
        self._finish(job, "FAILED", job.stop[1])
        return True

    def _before(self, job: Job) -> list[Job]:
        return [self.jobs[each["jobId"]] for each in job.request.get("dependsOn", []) if each["jobId"] in self.jobs]

    def _await(self, job: Job) -> None:
        before = self._before(job)
        if any(each.status == "FAILED" for each in before):
            self._finish(job, "FAILED", "Dependent Job failed")
        elif all(each.status == "SUCCEEDED" for each in before):
            if job.size:
                self._spawn(job, job.size)
            else:
                self._to(job, "RUNNABLE")

    def _spawn(self, job: Job, size: int) -> None:
        """Make the children of an array job, which itself is PENDING until all of them have ended."""
        for index in range(size):
            child = Job(job.request, f"{job.id}:{index}", self.now, "RUNNABLE", since=self.now, index=index)
            self.jobs[child.id] = child

    def _await_children(self, job: Job) -> None:
        statuses = {child.status for child in self.children(job)}
        if statuses == {"SUCCEEDED"}:
            self._finish(job, "SUCCEEDED", None)
        elif statuses <= {"SUCCEEDED", "FAILED"}:
            self._finish(job, "FAILED", "Array Child Job failed")

    def _await_machine(self, job: Job) -> None:
        waiting = self.waiting(job.queue)
        if job.queue in self.stuck:
            job.status_reason = self.stuck[job.queue] if waiting[0] is job else None
            return
        busy = [
            each for each in self.jobs.values() if each.queue == job.queue and each.status in ("STARTING", "RUNNING")
        ]
        its_turn = waiting[0] is job and len(busy) < self.queues[job.queue].slots
        if its_turn and self.now - job.since >= timedelta(seconds=self.start_delay):
            job.status_reason = None
            self._to(job, "STARTING")

    def _start(self, job: Job) -> None:
        self._to(job, "RUNNING")
        job.started = self.now
        self._tell(job, self._execution(job), "started")

    def _run(self, job: Job) -> None:
        execution, started = self._execution(job), job.started or self.now
        limit = job.request.get("timeout", {}).get("attemptDurationSeconds", float("inf"))
        ran = (self.now - started).total_seconds()
        if ran >= limit and execution.seconds > limit:
            self._end_attempt(job, Execution(exit_code=137, container=None))
            self._finish(job, "FAILED", "Job attempt duration exceeded timeout")
        elif ran >= execution.seconds:
            self._end_attempt(job, execution)
            if execution.exit_code == 0:
                self._finish(job, "SUCCEEDED", execution.status_reason)
            elif len(job.attempts) < self._attempts(job) and self._retried(job, execution):
                self._to(job, "RUNNABLE")
            else:
                self._finish(job, "FAILED", execution.status_reason)

    def _execution(self, job: Job) -> Execution:
        own = sorted(self.scripts.items(), key=lambda script: ":" not in script[0])  # what is said of one child holds
        for end, executions in own:
            if job.label.endswith(end) or job.name.endswith(end):
                return executions[min(len(job.attempts), len(executions) - 1)]
        return Execution()

    def _tell(self, job: Job, execution: Execution, moment: str, exit_code: int | None = None) -> None:
        if execution.container and execution.starts:
            execution.container(self, job, moment, exit_code)

    def _end_attempt(self, job: Job, execution: Execution) -> None:
        if execution.exit_code not in (None, 137):
            self._tell(job, execution, "ended", execution.exit_code)
        container = {"exitCode": execution.exit_code, "reason": execution.reason}
        container |= {"logStreamName": job.stream if execution.starts else None}
        times = {"startedAt": millis(job.started), "stoppedAt": millis(self.now)}
        given = {name: value for name, value in container.items() if value is not None}
        job.attempts.append({**times, "statusReason": execution.status_reason, "container": given})
        job.started = None

    def _attempts(self, job: Job) -> int:
        return int(job.request.get("retryStrategy", {}).get("attempts", 1))

    def _retried(self, job: Job, execution: Execution) -> bool:
        code = "" if execution.exit_code is None else str(execution.exit_code)
        told = {"onStatusReason": execution.status_reason, "onReason": execution.reason or "", "onExitCode": code}
        for rule in job.request.get("retryStrategy", {}).get("evaluateOnExit", []):
            if all(matches(rule[name], told[name]) for name in told if name in rule):
                return str(rule["action"]).upper() == "RETRY"
        return True  # as AWS Batch does it: what no rule matches is tried again

    def _to(self, job: Job, status: str) -> None:
        job.status, job.since = status, self.now

    def _finish(self, job: Job, status: str, reason: str | None) -> None:
        job.status_reason, job.ended = reason, self.now
        self._to(job, status)
