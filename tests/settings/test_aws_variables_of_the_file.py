"""`AWS_*` in the file of settings: used by boto3 and obstore alike, overruled by the environment, never mixed."""

import os
from pathlib import Path

import boto3
import pytest

from dmpworks.cli import main
from dmpworks.errors import SettingsError
from dmpworks.services.storage import open_bucket
from dmpworks.settings.aws import hand_to_libraries, used_of_file
from tests.servers.moto import REGION, aws_environment

KEYS = {"AWS_ACCESS_KEY_ID": "file", "AWS_SECRET_ACCESS_KEY": "file"}


@pytest.fixture
def env_file(moto_url, s3_bucket, tmp_path, monkeypatch) -> Path:
    """A file that holds everything about AWS; the environment holds nothing."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    settings = aws_environment(moto_url)
    for name in settings:
        monkeypatch.delenv(name)  # and what the command sets is removed at the end
    path = tmp_path / "prod.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in (settings | {"BUCKET_NAME": s3_bucket}).items()))
    return path


def test_keys_region_and_endpoint_of_the_file_reach_obstore_and_boto3(env_file, capsys):
    main(["runs", "list", "--env-file", str(env_file)])
    assert (
        capsys.readouterr().err.splitlines()[0]
        == f"AWS: account 123456789012, keys of the environment, region {REGION}"
    )
    open_bucket("dmpworks-test").put("a", b"from obstore")
    assert boto3.client("s3").get_object(Bucket="dmpworks-test", Key="a")["Body"].read() == b"from obstore"


def test_a_profile_of_the_file_is_used(env_file, tmp_path, capsys):
    config = tmp_path / "config"
    config.write_text("[profile prod]\naws_access_key_id=a\naws_secret_access_key=b\n")
    lines = [line for line in env_file.read_text().splitlines() if "KEY" not in line]
    env_file.write_text("\n".join([*lines, "AWS_PROFILE=prod", f"AWS_CONFIG_FILE={config}"]))
    main(["runs", "list", "--env-file", str(env_file)])
    assert f"AWS: account 123456789012, profile prod, region {REGION}" in capsys.readouterr().err


def test_a_profile_that_does_not_exist_stops_and_is_named(env_file, capsys):
    lines = [line for line in env_file.read_text().splitlines() if "KEY" not in line]
    env_file.write_text("\n".join([*lines, "AWS_PROFILE=nosuchprofile"]))
    with pytest.raises(SystemExit) as caught:
        main(["runs", "list", "--env-file", str(env_file)])
    assert caught.value.code == 2
    assert "nosuchprofile" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "environ", "used"),
    [
        (KEYS, {}, KEYS),
        (KEYS, {"AWS_PROFILE": "shell"}, {}),
        ({"AWS_PROFILE": "file"}, {"AWS_ACCESS_KEY_ID": "shell"}, {}),
        ({"AWS_PROFILE": "file"}, {"AWS_PROFILE": ""}, {"AWS_PROFILE": "file"}),
        ({"AWS_PROFILE": "file", "AWS_REGION": "r"}, {"AWS_PROFILE": "shell"}, {"AWS_REGION": "r"}),
        ({"AWS_REGION": "file"}, {"AWS_REGION": "shell"}, {}),
        ({"AWS_ENDPOINT_URL": "file", "ROR_RUN_ID": "x"}, {}, {"AWS_ENDPOINT_URL": "file"}),
        ({"AWS_PROFILE": ""}, {}, {}),
    ],
)
def test_the_environment_overrules_the_file_and_sources_of_credentials_are_never_mixed(file, environ, used):
    assert used_of_file(file, environ) == used


def test_a_profile_beside_keys_is_refused():
    environ: dict[str, str] = {}
    with pytest.raises(SettingsError, match="AWS_PROFILE and AWS_ACCESS_KEY_ID are both set"):
        hand_to_libraries({"AWS_PROFILE": "prod", **KEYS}, "file", environ)
    assert environ == {}


def test_a_folder_as_bucket_asks_no_account(bucket, capsys):
    main(["runs", "list", "--bucket-name", f"{bucket.root}/"])
    assert "AWS" not in capsys.readouterr().err
    assert not [name for name in os.environ if name.startswith("AWS_")]
