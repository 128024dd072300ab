"""Buckets: a folder, memory and S3 keep the same promises."""

import pickle

import pytest

from dmpworks.errors import JobError, SettingsError
from dmpworks.services.storage import MEMORY, Bucket, Stored, open_bucket


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request, tmp_path) -> Bucket:
    if request.param == "s3":
        return open_bucket(request.getfixturevalue("s3_bucket"), "us-east-1")
    return open_bucket(MEMORY if request.param == "memory" else str(tmp_path))


def test_what_is_put_can_be_got_listed_and_deleted(store):
    store.put("a/b/one", b"1")
    store.put("a/b/two", b"22")
    store.put("ab/three", b"333")
    assert store.get("a/b/two") == b"22"
    assert store.list("a") == [Stored("a/b/one", 1), Stored("a/b/two", 2)]
    store.delete(["a/b/one", "a/never/was"])
    assert store.list("a") == [Stored("a/b/two", 2)]
    assert (store.exists("a/b/one"), store.exists("a/b/two"), store.size("ab/three")) == (False, True, 3)


def test_create_never_replaces(store):
    store.create("lock", b"mine")
    with pytest.raises(FileExistsError):
        store.create("lock", b"yours")
    assert store.get("lock") == b"mine"


def test_a_missing_object_is_a_file_not_found(store, tmp_path):
    for ask in (store.get, store.size, lambda key: list(store.read_in_pieces(key))):
        with pytest.raises(FileNotFoundError):
            ask("not/here")
    with pytest.raises(JobError) as caught:  # whoever asks for a local copy read of it in a listing
        store.local("not/here", tmp_path / "scratch")
    assert caught.value.what == "a file that should be in the bucket is gone"
    assert "not/here" in caught.value.on


def test_files_go_in_and_out_whole(store, tmp_path):
    path = tmp_path / "in.bin"
    path.write_bytes(bytes(range(256)) * 50_000)
    assert store.upload(path, "big/in.bin") == 12_800_000
    assert store.local("big/in.bin", tmp_path / "scratch").read_bytes() == path.read_bytes()
    assert b"".join(store.read_in_pieces("big/in.bin")) == path.read_bytes()


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_bucket_crosses_into_another_process(kind, tmp_path, request):
    bucket = open_bucket(str(tmp_path) if kind == "folder" else request.getfixturevalue("s3_bucket"), "us-east-1")
    bucket.put("a", b"1")
    assert pickle.loads(pickle.dumps(bucket)).get("a") == b"1"


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_bucket_that_does_not_exist_is_a_settings_error(kind, aws, tmp_path):
    name = str(tmp_path / "nowhere") if kind == "folder" else "no-such-bucket"
    with pytest.raises(SettingsError) as caught:
        open_bucket(name, "us-east-1")
    assert caught.value.what == "the bucket does not exist"
    assert name in caught.value.on


def test_only_a_folder_has_a_place_for_what_is_no_object(tmp_path):
    assert open_bucket(str(tmp_path)).local_folder("search") == tmp_path / "local" / "search"
    with pytest.raises(SettingsError) as caught:
        open_bucket(MEMORY).local_folder("search")
    assert caught.value.what == "an embedded search needs a folder as bucket"


@pytest.mark.parametrize(
    ("name", "what", "next_step"),
    [
        ("s3://my-bucket/folder", "a bucket is named without address", "--bucket-name my-bucket"),
        ("file:///data", "a bucket is named without address", "give an S3 bucket's name, or a folder"),
        ("My Bucket", "no S3 bucket can have this name", "a folder with a slash in it"),
        ("./no where", "the bucket does not exist", "mkdir -p '"),
    ],
)
def test_a_name_that_is_no_bucket_says_what_to_give(name, what, next_step):
    with pytest.raises(SettingsError) as caught:
        open_bucket(name)
    assert caught.value.what == what
    assert name in caught.value.on
    assert next_step in caught.value.next


def test_without_credentials_there_is_a_word_for_it(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(SettingsError) as caught:
        open_bucket("my-bucket", "us-east-1")
    assert caught.value.what == "there are no AWS credentials"
    assert "no-such-profile" in caught.value.on


def test_a_folder_that_refuses_is_no_temporary_trouble(tmp_path):
    (tmp_path / "a").write_text("a file where a folder should be")
    with pytest.raises(JobError) as caught:
        open_bucket(str(tmp_path)).put("a/b", b"1")
    assert caught.value.exit_code == 1
    assert "a/b" in caught.value.on
