"""Why a call to AWS failed, in our words: every error that botocore may raise says what and what next."""

import botocore.exceptions
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from dmpworks.batch.aws_errors import REFUSALS, asking, cause, no_region
from dmpworks.errors import PreflightError, TemporaryError
from tests.batch.fake_jobs import denied, expired, refused, throttled

URL = "https://batch.us-east-1.amazonaws.com/"


@pytest.mark.parametrize(
    ("error", "kind", "remedy"),
    [
        (throttled("ListJobs"), "throttled", "wait a minute"),
        (refused("ListJobs", "SlowDown", "reduce your rate"), "throttled", "wait a minute"),
        (expired("ListJobs"), "expired", "aws sso login"),
        (UnauthorizedSSOTokenError(), "expired", "aws sso login"),
        (denied("ListJobs"), "denied", "ask for batch:ListJobs"),
        (refused("GetLogEvents", "AccessDeniedException", "no"), "denied", "ask for logs:GetLogEvents"),
        (refused("DescribeImages", "AccessDeniedException", "no"), "denied", "ask for ecr:DescribeImages"),
        (EndpointConnectionError(endpoint_url=URL), "no network", "check the network, AWS_REGION"),
        (ConnectTimeoutError(endpoint_url=URL), "no network", "check the network"),
        (ReadTimeoutError(endpoint_url=URL), "no network", "check the network"),
        (NoCredentialsError(), "no credentials", "aws sso login, or set AWS_PROFILE"),
        (ProfileNotFound(profile="x"), "no credentials", "AWS_PROFILE"),
        (refused("ListJobs", "ServerException", "?"), "server", "wait a minute"),
        (refused("ListJobs", "ClientException", "no such queue"), "refused", "fix the cause"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_cause_has_its_remedy(error, kind, remedy):
    found = cause(error)
    assert found.kind == kind
    assert remedy in found.remedy
    assert found.passing == (kind in ("throttled", "no network", "server"))
    assert found.unanswered == (kind in ("no network", "server"))


def test_a_missing_permission_is_named_by_aws_itself():
    message = "User: arn:aws:iam::1:user/ada is not authorized to perform: batch:TagResource on resource: x"
    assert cause(refused("SubmitJob", "AccessDeniedException", message)).remedy == "ask for batch:TagResource"


def test_a_server_error_without_a_known_name_is_told_by_its_status():
    error = ClientError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "ListJobs")
    assert cause(error).kind == "server"


def test_a_question_is_worth_another_attempt_only_where_its_cause_may_pass():
    with pytest.raises(TemporaryError) as caught, asking("job definition x"):
        raise throttled("DescribeJobDefinitions")
    assert caught.value.on == "job definition x: Too Many Requests"
    assert caught.value.next == "wait a minute, then: try again"
    with pytest.raises(PreflightError), asking("job definition x"):
        raise expired("DescribeJobDefinitions")


def test_a_client_without_region_says_how_to_give_one():
    assert no_region(NoRegionError()).next == "give --aws-region, or set AWS_REGION"


def test_nothing_that_botocore_raises_is_missed():
    kinds = [each for each in vars(botocore.exceptions).values() if isinstance(each, type)]
    not_at_calls = (Warning, botocore.exceptions.UndefinedModelAttributeError)
    at_calls = [each for each in kinds if issubclass(each, Exception) and not issubclass(each, not_at_calls)]
    assert len(at_calls) > 60
    assert [each for each in at_calls if not issubclass(each, REFUSALS)] == []
    connections = [each for each in at_calls if "Connect" in each.__name__ or "Timeout" in each.__name__]
    assert {cause(each.__new__(each)).kind for each in connections} == {"no network"}
