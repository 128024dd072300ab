"""From a plan to job ids: requests are sent in order, each written down; when one is refused, all are withdrawn."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dmpworks.batch.aws_errors import REFUSALS, WAITS, Cause, cause, patiently
from dmpworks.batch.submission.adopt import LiveJobs, Sleep, find_live_jobs, find_unacknowledged_job, queues_to_look_in
from dmpworks.batch.submission.plan import SubmissionPlan, request_after
from dmpworks.errors import DmpworksError, SubmitError
from dmpworks.exit_codes import ExitCode
from dmpworks.runs.ledger.events import Planned, Submitted, Withdrawn
from dmpworks.runs.ledger.locks import HeldLock
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, now, who
from dmpworks.version import version

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

JUST_NOW = timedelta(minutes=10)


class Sent(NamedTuple):
    """A job of a plan that AWS Batch has: sent now, or adopted because it was there already."""

    job: str
    id: str
    adopted: bool


class SubmissionContext(NamedTuple):
    """What a submission goes through: AWS Batch, the run's ledger, the chain's lock, and a clock to wait by."""

    client: "BatchClient"
    ledger: Ledger
    held: HeldLock
    sleep: Sleep = time.sleep


def submit(
    context: SubmissionContext,
    plan: SubmissionPlan,
    again: str,
    *,
    after: Sequence[str] = (),
    image: str | None = None,
    reads: Mapping[str, str | None] | None = None,
) -> list[Sent]:
    """Send what is not there yet and return all jobs in order; the first depends on `after`.

    `again` is the command that submits the same once more; `reads` are the upstream runs. Raises PreflightError when
    something else of the chain is live; SubmitError when AWS refuses a job, after withdrawing those sent before it.
    """
    state = context.ledger.state()
    everywhere = replace(plan, queues=queues_to_look_in(context.ledger.bucket, plan.chain, plan.queues))
    found = find_live_jobs(context.client, everywhere, after, context.sleep, expected=_broke_off(state))
    context.ledger.append(
        Planned(
            at=now(),
            by=who(),
            submission=len(state.submissions) + 1,
            where="batch",
            jobs=plan.asked,
            skipped=plan.skipped,
            settings=plan.settings,
            version=version(),
            definition=plan.definition,
            image=image,
            reads=dict(reads or {}),
            command=again if reads and None in reads.values() else None,
        )
    )
    return _Submission(context, plan, again, len(state.submissions) + 1, found).run(after)


def _broke_off(state: RunState) -> bool:
    """Whether a submission to AWS Batch was killed just now: one of its jobs may have been sent all the same."""
    newest = state.newest
    if not newest or newest.where != "batch" or now() - newest.at > JUST_NOW:
        return False
    return any(job.status == "planned" for job in state.current)


class _Submission:
    """One submission under way."""

    def __init__(
        self, context: SubmissionContext, plan: SubmissionPlan, again: str, number: int, found: LiveJobs
    ) -> None:
        self.context, self.plan, self.again, self.number, self.found = context, plan, again, number, found
        self.sent: list[Sent] = []
        self.on_its_way: str | None = None  # a job name that AWS may have taken or not

    def run(self, after: Sequence[str]) -> list[Sent]:
        """Send or adopt one job after the other."""
        for job, draft in zip(self.plan.jobs, self.plan.drafts, strict=True):
            before = [self.sent[-1].id] if self.sent else after
            try:
                self.context.held.check()
                self._one(job, request_after(draft, before))
                self._note(self.sent[-1])
            except REFUSALS as error:
                raise self._refused(job, error) from error
            except KeyboardInterrupt as error:
                raise self._interrupted(job) from error
            except DmpworksError as error:  # the lock or the ledger: whoever holds the lock now may count on the jobs
                raise self._broken(job, error) from error
        return self.sent

    def _one(self, job: str, request: dict[str, Any]) -> None:
        twin = self.found.twins.get(job)
        if not twin:
            self.on_its_way = request["jobName"]
        self.sent.append(Sent(job, twin.id if twin else self._send(request), twin is not None))
        self.on_its_way = None

    def _send(self, request: dict[str, Any]) -> str:
        """Send a request until AWS answers; without an answer, look first whether the job is there."""
        for wait in (*WAITS, None):
            try:
                return self.context.client.submit_job(**request)["jobId"]
            except REFUSALS as error:
                found = cause(error)
                if found.unanswered and (id := self._landed(request["jobName"])):
                    return id
                if not found.passing or wait is None:
                    raise
                self.context.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _landed(self, name: str) -> str | None:
        seen = self.found.seen | {each.id for each in self.sent}
        return find_unacknowledged_job(self.context.client, self.plan, name, seen, self.context.sleep)

    def _note(self, sent: Sent) -> None:
        event = Submitted(at=now(), by=who(), submission=self.number, job=sent.job, id=sent.id, adopted=sent.adopted)
        self.context.ledger.append(event)

    # what may go wrong

    def _refused(self, job: str, error: Exception) -> SubmitError:
        found = cause(error)
        what = f"{self.plan.chain} {self.plan.run_id} {job}"
        what = f"AWS Batch refused {what}" if found.kind == "refused" else f"{what} was not submitted: {found.what}"
        on = f"{job}: {found.said}; {self._withdraw()}{self._perhaps(found)}"
        refusal = SubmitError(what, on=on, next=f"{found.remedy}, then: {self.again}")
        refusal.exit_code = ExitCode.TRY_AGAIN if found.passing else ExitCode.FAILED
        return refusal

    def _interrupted(self, job: str) -> SubmitError:
        perhaps = ""
        if self.on_its_way:
            try:
                if id := self._landed(self.on_its_way):
                    self.sent.append(Sent(job, id, adopted=False))
            except REFUSALS as error:
                perhaps = self._perhaps(cause(error))
        on = self._withdraw() + perhaps
        stopped = SubmitError(f"interrupted while submitting {job}", on=on, next=self.again)
        stopped.exit_code = ExitCode.INTERRUPTED
        return stopped

    def _broken(self, job: str, error: DmpworksError) -> SubmitError:
        alive = _named([each for each in self.sent if not each.adopted])
        broken = SubmitError(
            error.what,
            on=f"{self.plan.run}, submitting {job}: {error.on}; submitted and not withdrawn: {alive}",
            next=f"{error.next}; then go on: dmpworks runs resume {self.plan.run}",
        )
        broken.exit_code = error.exit_code
        return broken

    def _perhaps(self, found: Cause) -> str:
        """Warn of a request without an answer: AWS may have taken it all the same."""
        return f"; AWS gave no answer, it may have taken {self.on_its_way}" if found.unanswered else ""

    def _withdraw(self) -> str:
        """Withdraw from tail to head, so that nothing starts meanwhile, and name those that live on."""
        own = [each for each in self.sent if not each.adopted]
        alive = [each for each in reversed(own) if not self._terminate(each)]
        text = f"submitted and withdrawn: {_named([each for each in own if each not in alive])}"
        if adopted := [each for each in self.sent if each.adopted]:
            text += f"; left alive, because they were there before: {_named(adopted)}"
        if alive:
            text += f"; STILL ALIVE: {_named(alive)}; to end them: dmpworks runs cancel {self.plan.run}"
        return text

    def _terminate(self, sent: Sent) -> bool:
        client, reason = self.context.client, "dmpworks: the submission of its chain did not succeed"
        try:
            patiently(lambda: client.terminate_job(jobId=sent.id, reason=reason), self.context.sleep)
        except REFUSALS:
            return False
        withdrawn = Withdrawn(at=now(), by=who(), submission=self.number, job=sent.job, id=sent.id)
        with suppress(DmpworksError):  # what the ledger misses, `runs reconcile` finds; the refusal must be reported
            self.context.ledger.append(withdrawn)
        return True


def _named(sent: Sequence[Sent]) -> str:
    return ", ".join(f"{each.job} ({each.id})" for each in sent) or "nothing"
