"""The job definition of a run: pinned to a revision, so that all jobs of a run use the same one, and its image."""

import re
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from dmpworks.batch.aws_errors import REFUSALS, as_dmpworks_error, asking, cause
from dmpworks.errors import PreflightError

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)(?P<tag>[:@].+)?"
)


class Definition(msgspec.Struct, frozen=True):
    """An active job definition: `name:revision`, its image, and the variables that it gives to every container."""

    name: str
    image: str
    supplied: frozenset[str] = frozenset()


class Image(msgspec.Struct, frozen=True):
    """What is known of an image: its reference, and its digest where the registry has one."""

    reference: str
    digest: str | None = None
    why_not: str | None = None  # the digest is not known


def find_definition(client: "BatchClient", name: str) -> Definition:
    """Return the newest active revision of a job definition, or the very one when the name carries a revision.

    Raises PreflightError when it is not there or not active, TemporaryError when AWS is throttled or out of reach.
    """
    short, _, revision = name.rsplit("/", 1)[-1].partition(":")  # the end of an ARN
    with asking(f"job definition {name}"):
        pages = client.get_paginator("describe_job_definitions").paginate(jobDefinitionName=short)
        every: list[Any] = [each for page in pages for each in page["jobDefinitions"]]
    found = [each for each in every if revision in ("", str(each["revision"]))]
    active = [each for each in found if each["status"] == "ACTIVE"]
    if not active:
        gone = "this revision of the job definition is not active"
        none = "there is no active job definition of this name"
        next = "register it, or set BATCH_JOB_DEFINITION"
        raise PreflightError(gone if revision and found else none, on=name, next=next)
    newest = max(active, key=lambda each: each["revision"])
    return _definition(name if revision else f"{name}:{newest['revision']}", newest)


def find_image(ecr: Any, reference: str) -> Image:
    """Return an image and the digest its registry states; raises PreflightError when ECR has no such image."""
    match = ECR.fullmatch(reference)
    if not match:
        return Image(reference, why_not="it does not lie in ECR")
    if match["region"] != ecr.meta.region_name:
        return Image(reference, why_not="it is in another region")
    tag = match["tag"] or ":latest"
    id = {"imageDigest" if tag[0] == "@" else "imageTag": tag[1:]}
    try:
        answer = ecr.describe_images(registryId=match["account"], repositoryName=match["name"], imageIds=[id])
    except REFUSALS as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        if code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise PreflightError(
                "the image does not exist", on=reference, next="push it, or register a job definition with another"
            ) from error
        found = cause(error)
        if found.kind != "denied" and not found.passing:
            raise as_dmpworks_error(error, f"image {reference}") from error
        return Image(reference, why_not=f"{found.what}: {found.remedy}")
    return Image(reference, digest=answer["imageDetails"][0]["imageDigest"])


def _definition(name: str, response: Any) -> Definition:
    container = response.get("containerProperties", {})
    supplied = {each["name"] for key in ("environment", "secrets") for each in container.get(key, [])}
    return Definition(name, container.get("image", ""), frozenset(supplied))
