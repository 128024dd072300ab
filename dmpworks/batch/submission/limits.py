"""What AWS Batch allows in a SubmitJob request: botocore lets most of it through, so it is checked here first."""

import json
import re
from typing import Any

from dmpworks.jobs.wiring import MOST_SHARDS

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
MAX_DEPENDENCIES, MAX_ATTEMPTS, MAX_RULES, MAX_TAGS = 20, 10, 5, 50
MIN_CHILDREN = 2  # of an array job
MIN_TIMEOUT = 60  # seconds
MIN_MEMORY = 4  # MiB
MAX_REQUEST = 30 * 1024  # bytes
# of ECS, with the JSON's own characters: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
MAX_OVERRIDES = 8192


def broken_limits(request: dict[str, Any]) -> list[str]:
    """Return every limit of SubmitJob that a request breaks, in words; empty when it is fit to send."""
    overrides = request["containerOverrides"]
    retries = request["retryStrategy"]
    children = request.get("arrayProperties", {}).get("size", MIN_CHILDREN)
    sizes = {each["type"]: int(each["value"]) for each in overrides.get("resourceRequirements", [])}
    checks = [
        (not NAME.fullmatch(request["jobName"]), f"job name {request['jobName']!r} is not {NAME.pattern}"),
        (len(request.get("dependsOn", [])) > MAX_DEPENDENCIES, f"more than {MAX_DEPENDENCIES} dependencies"),
        (not 1 <= retries["attempts"] <= MAX_ATTEMPTS, f"attempts are {retries['attempts']}, not 1 to {MAX_ATTEMPTS}"),
        (len(retries["evaluateOnExit"]) > MAX_RULES, f"more than {MAX_RULES} retry rules"),
        (
            not MIN_CHILDREN <= children <= MOST_SHARDS,
            f"an array of {children:,}, not {MIN_CHILDREN} to {MOST_SHARDS:,}",
        ),
        (request["timeout"]["attemptDurationSeconds"] < MIN_TIMEOUT, f"time-out under {MIN_TIMEOUT} s"),
        (sizes.get("VCPU", 1) < 1, "less than 1 vCPU"),
        (sizes.get("MEMORY", MIN_MEMORY) < MIN_MEMORY, f"less than {MIN_MEMORY} MiB of memory"),
        (not all(overrides["command"]), "the command holds an empty text"),
        (
            overrides_size(overrides) > MAX_OVERRIDES,
            f"the container overrides have {overrides_size(overrides):,} characters, ECS allows {MAX_OVERRIDES:,}"
            f"; the longest setting is {_longest(overrides)}",
        ),
        (len(request["tags"]) > MAX_TAGS, f"more than {MAX_TAGS} tags"),
        (len(json.dumps(request).encode()) > MAX_REQUEST, f"the request is larger than {MAX_REQUEST} bytes"),
    ]
    reserved = [pair["name"] for pair in overrides["environment"] if pair["name"].startswith("AWS_BATCH")]
    return [text for broken, text in checks if broken] + [f"{name} is a name reserved by AWS" for name in reserved]


def overrides_size(overrides: dict[str, Any]) -> int:
    """Return the characters of container overrides as compact JSON, which is what ECS counts."""
    return len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False))


def _longest(overrides: dict[str, Any]) -> str:
    sizes = [(len(pair["value"]), pair["name"]) for pair in overrides["environment"]]
    size, name = max(sizes, default=(0, "none"))
    return f"{name} ({size:,} characters)"
