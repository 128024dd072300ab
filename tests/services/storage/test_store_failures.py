"""What S3 refuses is one readable line, with advice that fits and the exit code that fits."""

import obstore
import pytest
from obstore.store import S3Store

from dmpworks.cli import main
from dmpworks.errors import DmpworksError
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.services.store_failures import translate_errors
from tests.servers.answers import Answer, Asked
from tests.servers.moto import aws_environment

ASK_REGION = "aws s3api get-bucket-location --bucket my-bucket"
IN_ANOTHER_REGION = (2, "the bucket is in another region", f"set AWS_REGION to it: {ASK_REGION}")
EXPIRED = (2, "the AWS credentials have expired", "aws sso login, then try again")
UNKNOWN = (2, "AWS does not know these credentials", "check AWS_PROFILE and keys: aws sts get-caller-identity")
CASES = {
    "another region": (301, "PermanentRedirect", "use the specified endpoint", IN_ANOTHER_REGION),
    "wrong region signed": (400, "AuthorizationHeaderMalformed", "expecting 'eu-west-1'", IN_ANOTHER_REGION),
    "expired": (400, "ExpiredToken", "The provided token has expired.", EXPIRED),
    "malformed token": (400, "InvalidToken", "The provided token is malformed.", EXPIRED),
    "unknown key": (403, "InvalidAccessKeyId", "does not exist in our records.", UNKNOWN),
    "wrong secret": (403, "SignatureDoesNotMatch", "Check your key.", UNKNOWN),
    "clock": (
        403,
        "RequestTimeTooSkewed",
        "The difference is too large.",
        (2, "the clock of this machine is wrong", "set it: timedatectl set-ntp true"),
    ),
    "denied": (
        403,
        "AccessDenied",
        "Access Denied",
        (2, "access to the bucket is denied", "ask for the permission s3:ListBucket on my-bucket"),
    ),
    "denied, named": (
        403,
        "AccessDenied",
        "User: arn:aws:iam::1:user/ada is not authorized to perform: s3:ListBucketVersions on resource: b",
        (2, "access to the bucket is denied", "ask for the permission s3:ListBucketVersions on my-bucket"),
    ),
    "no bucket": (
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
        (2, "the bucket does not exist", "give another --bucket-name: aws s3 ls"),
    ),
    "throttled": (
        503,
        "SlowDown",
        "Please reduce your request rate.",
        (75, "S3 is throttled: too many requests", "wait a minute, then try again"),
    ),
    "broken": (
        500,
        "InternalError",
        "We encountered an internal error.",
        (75, "S3 failed while answering", "wait a minute, then try again"),
    ),
}
EMPTY_LISTING = b'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
TABLE = pytest.mark.parametrize(("status", "code", "said", "means"), CASES.values(), ids=list(CASES))


@pytest.fixture
def s3(answers, monkeypatch):
    """Return what makes S3 answer every request with an error."""

    def refuse(status: int, code: str, said: str) -> None:
        body = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{said}</Message></Error>'.encode()
        answers.in_turn(Answer(body, status, content_type="application/xml"))

    for name, value in aws_environment(answers.url).items():
        monkeypatch.setenv(name, value)
    return refuse


@TABLE
def test_a_refusal_is_one_line_with_its_own_advice(s3, answers, status, code, said, means):
    s3(status, code, said)
    store = S3Store(
        "my-bucket",
        endpoint=answers.url,
        access_key_id="testing",
        secret_access_key="testing",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},  # else what may pass is asked for minutes
    )
    with pytest.raises(DmpworksError) as caught, translate_errors("my-bucket", "runs", is_folder=False):
        list(obstore.list(store, prefix="runs"))
    error = caught.value
    assert (error.exit_code, error.what, error.next) == means
    word = f"{code}: {said}" if status != 301 else "Received redirect without LOCATION"
    assert error.on.startswith(f"s3://my-bucket/runs: {word}")
    assert "<" not in error.on
    assert "\n" not in error.on


@pytest.mark.parametrize(
    ("act", "permission"),
    [
        (lambda bucket: bucket.get("a"), "s3:GetObject"),
        (lambda bucket: bucket.size("a"), "s3:GetObject and s3:ListBucket"),
        (lambda bucket: bucket.list("a"), "s3:ListBucket"),
        (lambda bucket: bucket.put("a", b"1"), "s3:PutObject"),
        (lambda bucket: bucket.create("a", b"1"), "s3:PutObject"),
        (lambda bucket: bucket.delete(["a"]), "s3:DeleteObject"),
    ],
)
def test_a_denied_request_names_the_permission_that_it_needs(answers, monkeypatch, act, permission):
    for name, value in aws_environment(answers.url).items():
        monkeypatch.setenv(name, value)
    answers.in_turn(Answer(EMPTY_LISTING, content_type="application/xml"))
    bucket: Bucket = open_bucket("my-bucket", "us-east-1")
    denied = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    answers.in_turn(Answer(denied, 403, content_type="application/xml"))
    with pytest.raises(DmpworksError) as caught:
        act(bucket)
    assert caught.value.next == f"ask for the permission {permission} on my-bucket"


def test_a_request_that_s3_answers_without_a_word_names_both_causes(answers, monkeypatch):
    for name, value in aws_environment(answers.url).items():
        monkeypatch.setenv(name, value)

    def answering(asked: Asked) -> Answer:
        return Answer(EMPTY_LISTING) if asked.method == "GET" else Answer(status=400)

    answers.answering = answering
    with pytest.raises(DmpworksError) as caught:
        open_bucket("my-bucket", "us-east-1").size("a")
    assert caught.value.exit_code == 2
    assert caught.value.next == f"aws sso login; or the bucket is in another region: {ASK_REGION}"


@pytest.mark.parametrize(("code", "exit_code"), [("ExpiredToken", 2), ("AuthorizationHeaderMalformed", 2)])
def test_a_submission_that_s3_refuses_ends_as_one_that_aws_batch_refuses(s3, code, exit_code, capsys, monkeypatch):
    s3(400, code, "no")
    submit = ["batch-submit", "ror", "--env", "dev", "--run-id", "2026-10-01", "--bucket-name", "my-bucket"]
    with pytest.raises(SystemExit) as caught:
        main([*submit, "--download-url", "https://example.org/ror.zip"])
    assert caught.value.code == exit_code
    assert "Traceback" not in capsys.readouterr().err
