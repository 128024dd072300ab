"""From a plan to job ids: requests are sent in order; when one is refused, those before it are withdrawn."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from dmpworks.batch.plan import Plan, request_after
from dmpworks.errors import DmpworksError, PreflightError, SubmitError, TemporaryError

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

# How AWS names the causes that a person can do something about.
EXPIRED = {"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"}
DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
THROTTLED = {"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
NEEDED = "batch:DescribeJobDefinitions, batch:SubmitJob, batch:TagResource and batch:TerminateJob"


def batch_client(region: str | None, *, only_reads: bool = False) -> "BatchClient":
    """Return a client of AWS Batch; raises PreflightError when no region or no such profile is known."""
    import boto3
    from botocore.config import Config

    # SubmitJob knows no client token: a call that botocore repeats by itself can make two jobs of one.
    config = Config(retries={"mode": "standard"} if only_reads else {"total_max_attempts": 1})
    try:
        return boto3.client("batch", region_name=region, config=config)
    except NoRegionError as error:
        raise PreflightError(
            "no AWS region is known", on="AWS Batch", next="give --aws-region, or set AWS_REGION"
        ) from error
    except BotoCoreError as error:
        raise PreflightError("AWS cannot be asked", on=str(error), next="check AWS_PROFILE and ~/.aws") from error


def pinned_definition(client: "BatchClient", name: str) -> str:
    """Return `name:revision` of the newest active revision, so that all jobs of a run use the same one.

    A name that carries a revision already is returned as it is; raises PreflightError when there is no active one,
    TemporaryError when AWS is throttled.
    """
    if name.rsplit(":", 1)[-1].isdigit():
        return name
    try:
        short = name.rsplit("/", 1)[-1]  # of an ARN
        pages = client.get_paginator("describe_job_definitions").paginate(jobDefinitionName=short, status="ACTIVE")
        revisions = [definition["revision"] for page in pages for definition in page["jobDefinitions"]]
    except (ClientError, BotoCoreError) as error:
        raise _preflight(error, f"job definition {name}") from error
    if not revisions:
        raise PreflightError(
            "there is no active job definition of this name", on=name, next="register it, or set BATCH_JOB_DEFINITION"
        )
    return f"{name}:{max(revisions)}"


def submit(client: "BatchClient", plan: Plan, again: str) -> list[str]:
    """Send the requests and return the job ids; raises SubmitError after withdrawing what was sent before.

    `again` is the command that submits the same once more.
    """
    ids: list[str] = []
    for job, draft in zip(plan.jobs, plan.drafts, strict=True):
        try:
            ids.append(client.submit_job(**request_after(draft, ids[-1] if ids else None))["jobId"])
        except (ClientError, BotoCoreError) as error:
            what, next_step = _cause(error, f"AWS Batch refused {plan.chain} {plan.run_id} {job}", again)
            on = f"{job}: {_said(error)}; {_withdraw(client, plan, ids)}"
            on += "" if isinstance(error, ClientError) else _perhaps(draft)
            raise SubmitError(what, on=on, next=next_step) from error
        except KeyboardInterrupt as error:
            on = _withdraw(client, plan, ids) + _perhaps(draft)
            raise SubmitError(f"interrupted while submitting {job}", on=on, next=again) from error
    return ids


def _withdraw(client: "BatchClient", plan: Plan, ids: list[str]) -> str:
    """Withdraw from tail to head, so that nothing starts meanwhile, and tell which jobs live on if that fails."""
    sent = dict(zip(plan.jobs, ids, strict=False))
    alive = {name: id for name, id in reversed(sent.items()) if not _terminate(client, id)}
    withdrawn = [f"{name} ({id})" for name, id in sent.items() if name not in alive]
    told = f"submitted and withdrawn: {', '.join(withdrawn) or 'nothing'}"
    if alive:
        told += f"; STILL ALIVE, terminate by hand: {', '.join(f'{name} ({id})' for name, id in alive.items())}"
    return told


def _perhaps(draft: dict[str, Any]) -> str:
    """Warn of a request without an answer: AWS may have taken it all the same."""
    return f"; AWS gave no answer, look in {draft['jobQueue']} for {draft['jobName']}"


def _terminate(client: "BatchClient", id: str) -> bool:
    try:
        client.terminate_job(jobId=id, reason="dmpworks: the submission of its chain did not succeed")
    except (ClientError, BotoCoreError):
        return False
    return True


def _preflight(error: Exception, on: str) -> DmpworksError:
    what, next_step = _cause(error, "AWS Batch does not answer", "try again")
    kind = TemporaryError if _code(error) in THROTTLED else PreflightError
    return kind(what, on=f"{on}: {_said(error)}", next=next_step)


def _cause(error: Exception, otherwise: str, again: str) -> tuple[str, str]:
    """Return what failed and what to do next, by the code of AWS's answer."""
    code = _code(error)
    if isinstance(error, NoCredentialsError):
        return "there are no AWS credentials", f"aws sso login, or set AWS_PROFILE, then: {again}"
    if isinstance(error, (TokenRetrievalError, UnauthorizedSSOTokenError)) or code in EXPIRED:
        return "the AWS credentials have expired, or AWS does not know them", f"aws sso login, then: {again}"
    if code in DENIED:
        return "these AWS credentials do not have the right", f"ask for {NEEDED}, then: {again}"
    if code in THROTTLED:
        return "AWS Batch is throttled: too many requests of this account", f"wait a minute, then: {again}"
    return otherwise, f"mend the cause, then: {again}"


def _code(error: Any) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _said(error: Any) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Message") or error)
