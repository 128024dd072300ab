"""What sources, servers, logs and the bucket say reaches a terminal without control characters and secrets."""

import pytest

from dmpworks.commands.shared.tables import print_lines, print_table
from dmpworks.errors import JobError
from dmpworks.formatting import visible, without_secrets

ESCAPES = ["\x1b]0;title\x07", "\x1b[2J", "\x1b]52;c;ZXZpbA==\x07", "\x9b2J", "\r", "\x08", "\x00", "\x7f"]


@pytest.mark.parametrize("text", ESCAPES)
def test_control_characters_are_shown_as_escapes(text, capsys, make_run, bucket):
    print_lines(f"a{text}b")
    print_table(["one"], [[f"a{text}b"]])
    make_run(bucket, "ror", "download").progress(f"the latest release is a{text}b.zip")
    out, err = capsys.readouterr()
    assert not set("\x1b\x07\x9b\r\x08\x00\x7f") & set(out + err)
    assert f"\\x{ord(text[0]):02x}" in out and f"\\x{ord(text[0]):02x}" in err


def test_tabs_line_ends_and_letters_stay():
    assert visible("a\tb\nÜ–日本\u200e") == "a\tb\nÜ–日本\u200e"


SECRET = [
    "https://ada:hunter2@host/x",
    "https://hunter2@host/x",
    "https://ada:hun/ter2hunter2@host/x",
    "https://ada:hunter2?x@host/x",
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=hunter2&X-Amz-Date=1",
    "https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=hunter2",
    "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=hunter2",
    "https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature=hunter2",
    "https://a.blob.core.windows.net/c?sv=1&sig=hunter2",
    "https://storage.googleapis.com/b/o?X-Goog-Signature=hunter2",
    "https://d.cloudfront.net/x?Key-Pair-Id=hunter2",
    "https://host/x?access_token=hunter2",
    "https://host/x?api_key=hunter2",
    "https://host/x?key=hunter2",
    "https://host/x#token=hunter2",
]
PLAIN = [
    "https://zenodo.org/api/records/1/files/v2.4@2x.zip/content?download=1",
    "https://host:8443/a@b?design=1&version=2&page=3",
    "s3://bucket/a@b/part.gz",
    "https://host/records?q=conceptrecid:1&sort=mostrecent",
    "write to ada@example.org, see https://example.org",
]


@pytest.mark.parametrize("address", SECRET)
def test_a_secret_in_an_address_is_masked_in_every_error(address):
    assert "hunter2" not in without_secrets(f"GET {address}: HTTP 403")
    error = JobError(f"cannot read {address}", on=f"{address}: HTTP 403", next="look")
    assert "hunter2" not in str(error)
    assert "HTTP 403" in error.on


@pytest.mark.parametrize("address", PLAIN)
def test_other_addresses_stay_as_they_are(address):
    assert without_secrets(address) == address
