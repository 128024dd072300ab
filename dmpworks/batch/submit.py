"""From a plan to job ids: requests are sent in order; when one is refused, those before it are withdrawn."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from dmpworks.batch.plan import Plan, request_after
from dmpworks.errors import PreflightError, SubmitError

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


def batch_client(region: str | None) -> "BatchClient":
    """Return a client of AWS Batch; raises PreflightError when no region is known."""
    import boto3
    from botocore.config import Config

    # SubmitJob knows no client token: a call that botocore repeats by itself can make two jobs of one.
    once = Config(retries={"total_max_attempts": 1})
    try:
        return boto3.client("batch", region_name=region, config=once)
    except NoRegionError as error:
        raise PreflightError(
            "no AWS region is known", on="AWS Batch", next="give --aws-region, or set AWS_REGION"
        ) from error


def pinned_definition(client: "BatchClient", name: str) -> str:
    """Return `name:revision` of the newest active revision, so that all jobs of a run use the same one.

    A name that carries a revision already is returned as it is; raises PreflightError when there is no active one.
    """
    if name.rsplit(":", 1)[-1].isdigit():
        return name
    try:
        pages = client.get_paginator("describe_job_definitions").paginate(jobDefinitionName=name, status="ACTIVE")
        revisions = [definition["revision"] for page in pages for definition in page["jobDefinitions"]]
    except (ClientError, BotoCoreError) as error:
        raise _preflight(error, f"job definition {name}") from error
    if not revisions:
        raise PreflightError(
            "there is no active job definition of this name", on=name, next="register it, or set BATCH_JOB_DEFINITION"
        )
    return f"{name}:{max(revisions)}"


def submit(client: "BatchClient", plan: Plan) -> list[str]:
    """Send the requests and return the job ids; raises SubmitError after withdrawing what was sent before."""
    ids: list[str] = []
    for job, draft in zip(plan.jobs, plan.drafts, strict=True):
        try:
            ids.append(client.submit_job(**request_after(draft, ids[-1] if ids else None))["jobId"])
        except (ClientError, BotoCoreError) as error:
            raise _refused(client, plan, job, ids, error) from error
    return ids


def _refused(client: "BatchClient", plan: Plan, job: str, ids: list[str], error: Exception) -> SubmitError:
    """Withdraw from tail to head, so that nothing starts meanwhile, and tell which jobs live on if that fails."""
    sent = dict(zip(plan.jobs, ids, strict=False))
    alive = {name: id for name, id in reversed(sent.items()) if not _terminate(client, id, job)}
    withdrawn = [f"{name} ({id})" for name, id in sent.items() if name not in alive]
    told = f"submitted and withdrawn: {', '.join(withdrawn) or 'nothing'}"
    if alive:
        told += f"; STILL ALIVE, terminate by hand: {', '.join(f'{name} ({id})' for name, id in alive.items())}"
    return SubmitError(
        f"AWS Batch refused {plan.chain} {plan.run_id} {job}",
        on=f"{_said(error)}; {told}",
        next=f"mend the cause, then submit {plan.chain} again with --start-job {plan.jobs[0]}",
    )


def _terminate(client: "BatchClient", id: str, refused: str) -> bool:
    try:
        client.terminate_job(jobId=id, reason=f"dmpworks: the submission of {refused} was refused")
    except (ClientError, BotoCoreError):
        return False
    return True


def _preflight(error: Exception, on: str) -> PreflightError:
    if isinstance(error, NoCredentialsError):
        return PreflightError("there are no AWS credentials", on=on, next="aws sso login, or set AWS_PROFILE")
    return PreflightError("AWS Batch does not answer", on=f"{on}: {_said(error)}", next="check credentials and region")


def _said(error: Any) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Message") or error)
