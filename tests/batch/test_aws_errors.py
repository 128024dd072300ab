"""Why a call to AWS failed, in our words: every error that botocore may raise says what and what next."""

import botocore.exceptions
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidConfigError,
    LoginRefreshRequired,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from dmpworks.batch.aws_errors import REFUSALS, asking, cause, no_region
from dmpworks.errors import PreflightError, TemporaryError
from tests.batch.fake_jobs import denied, expired, refused, throttled

URL = "https://batch.us-east-1.amazonaws.com/"


SSO = "GetRoleCredentials"


@pytest.mark.parametrize(
    ("error", "kind", "remedy"),
    [
        (throttled("ListJobs"), "throttled", "wait a minute"),
        (refused("ListJobs", "SlowDown", "reduce your rate"), "throttled", "wait a minute"),
        (UnauthorizedSSOTokenError(), "sso", "aws sso login"),
        (SSOTokenLoadError(error_msg="no token"), "sso", "aws sso login"),
        (TokenRetrievalError(provider="sso", error_msg="expired"), "sso", "aws sso login"),
        (NoAuthTokenError(), "sso", "aws sso login"),
        (refused(SSO, "UnauthorizedException", "Session token not found or invalid"), "sso", "aws sso login"),
        (refused(SSO, "ForbiddenException", "No access"), "denied", "sso_account_id, sso_role_name"),
        (LoginRefreshRequired(), "login", "aws login"),
        (expired("ListJobs"), "expired", "AWS_SESSION_TOKEN"),
        (refused("ListJobs", "ExpiredToken", "?"), "expired", "aws sso login"),
        (refused("ListJobs", "UnrecognizedClientException", "?"), "unknown key", "aws sts get-caller-identity"),
        (refused("ListJobs", "InvalidClientTokenId", "?"), "unknown key", "AWS_ACCESS_KEY_ID"),
        (refused("ListJobs", "InvalidSignatureException", "?"), "wrong signature", "clock of this machine"),
        (refused("ListJobs", "SignatureDoesNotMatch", "?"), "wrong signature", "AWS_SECRET_ACCESS_KEY"),
        (refused("ListJobs", "RequestTimeTooSkewed", "?"), "clock", "date -u"),
        (refused("ListJobs", "RequestExpired", "?"), "clock", "date -u"),
        (denied("ListJobs"), "denied", "ask for batch:ListJobs"),
        (refused("GetLogEvents", "AccessDeniedException", "no"), "denied", "ask for logs:GetLogEvents"),
        (refused("DescribeImages", "AccessDeniedException", "no"), "denied", "ask for ecr:DescribeImages"),
        (EndpointConnectionError(endpoint_url=URL), "no network", "check the network, AWS_REGION"),
        (ConnectTimeoutError(endpoint_url=URL), "no network", "check the network"),
        (ReadTimeoutError(endpoint_url=URL), "no network", "check the network"),
        (NoCredentialsError(), "no credentials", "set AWS_PROFILE and run aws sso login"),
        (PartialCredentialsError(provider="env", cred_var="x"), "no credentials", "AWS_SECRET_ACCESS_KEY"),
        (ProfileNotFound(profile="x"), "no profile", "aws configure list-profiles"),
        (CredentialRetrievalError(provider="process", error_msg="exit 1"), "credential source", "credential_process"),
        (MetadataRetrievalError(error_msg="no answer"), "credential source", "role of the profile"),
        (InvalidConfigError(error_msg="bad"), "configuration", "~/.aws/config"),
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


def test_the_command_to_sign_in_names_the_profile_in_use(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "our prod")
    assert cause(UnauthorizedSSOTokenError()).remedy == "aws sso login --profile 'our prod'"


def test_no_family_of_credential_errors_is_called_refused():
    words = ("Credential", "Token", "SSO", "Login", "Profile", "Auth")
    kinds = [each for each in vars(botocore.exceptions).values() if isinstance(each, type)]
    families = [each for each in kinds if issubclass(each, Exception) and any(word in each.__name__ for word in words)]
    assert len(families) > 10
    assert {each.__name__ for each in families if cause(each.__new__(each)).kind == "refused"} <= {
        "PaginationError",
        "UnsupportedTLSVersionWarning",
    }


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
