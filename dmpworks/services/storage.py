"""Object storage: a bucket is S3, a folder or memory, behind one interface (obstore).

A value with a slash (`./data`) is a folder, `memory:` a store of this process, anything else the name of an S3 bucket.
"""

import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, MemoryStore, S3Store

from dmpworks.errors import JobError, SettingsError
from dmpworks.services.keys import is_key
from dmpworks.services.ranged import ObjectFile, Openable
from dmpworks.services.store_failures import translate_errors

__all__ = ["Bucket", "Openable", "Stored", "names_folder", "open_bucket", "remove_tree"]

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PIECE = 256 * 1024
PART = 32 * 1024 * 1024  # bytes of a large object that are sent at once; S3 takes 10,000 of them
MEMORY = "memory:"
S3_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
LOCAL = "local"  # what is no object (indexes, databases, scratch) is stored under this name in a folder bucket


class Stored(NamedTuple):
    """An object as the store lists it: its key and its size in bytes."""

    key: str
    size: int


class Bucket:
    """One bucket; picklable, so that worker processes can be handed it."""

    def __init__(self, name: str, region: str | None = None) -> None:
        self.name, self.region = name, region
        self.root = Path(name).expanduser().resolve() if names_folder(name) else None
        self._store = _open_store(name, self.root, region)

    def __reduce__(self) -> tuple[Any, ...]:
        return Bucket, (self.name, self.region)

    @property
    def is_folder(self) -> bool:
        """Whether the bucket is a folder on this machine."""
        return self.root is not None

    def _translate_errors(self, key: str) -> AbstractContextManager[None]:
        return translate_errors(self.name, key, self.is_folder)

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises FileNotFoundError."""
        with self._translate_errors(key):
            return bytes(obstore.get(self._store, key).bytes())

    def put(self, key: str, data: bytes) -> None:
        """Write an object in one atomic step: nobody sees a part of it."""
        with self._translate_errors(key):
            obstore.put(self._store, key, data, use_multipart=False)

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet; raises FileExistsError."""
        try:
            with self._translate_errors(key):
                obstore.put(self._store, key, data, mode="create", use_multipart=False)
        except AlreadyExistsError as error:
            raise FileExistsError(key) from error

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises FileNotFoundError."""
        with self._translate_errors(key):
            return int(obstore.head(self._store, key)["size"])

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    def list(self, prefix: str) -> list[Stored]:
        """Return the objects below a prefix (a folder of keys), sorted by key."""
        with self._translate_errors(prefix):
            pages = list(obstore.list(self._store, prefix=prefix))
        return sorted(Stored(item["path"], int(item["size"])) for page in pages for item in page)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        gone = list(keys)
        if isinstance(self._store, S3Store) and gone:
            with self._translate_errors(gone[0]):
                obstore.delete(self._store, gone)  # a thousand a request: a transform leaves many records
            return
        for key in gone:
            with suppress(FileNotFoundError), self._translate_errors(key):
                obstore.delete(self._store, key)

    def delete_unfinished(self, prefix: str) -> None:
        """Remove what killed writers have left below a prefix of a folder, where no listing shows it."""
        for path in (self.root / prefix).rglob("*#*") if self.root else ():
            if path.name.rpartition("#")[2].isdigit():
                path.unlink(missing_ok=True)

    def upload(self, path: Path, key: str) -> int:
        """Write a local file as an object, in parts when large; returns its size in bytes."""
        with self._translate_errors(key):
            obstore.put(self._store, key, path)
        return path.stat().st_size

    def write(self, key: str, pieces: Iterable[bytes]) -> int:
        """Write an object from pieces as they come; returns its size. When they end in an error, nothing is written."""
        size, left = 0, iter(pieces)

        def counted() -> Iterator[bytes]:
            nonlocal size
            # The store pulls inside its own runtime, where pieces that come out of a store could not be read.
            while (piece := aside.submit(next, left, None).result()) is not None:
                size += len(piece)
                yield piece

        with ThreadPoolExecutor(1) as aside, self._translate_errors(key):
            obstore.put(self._store, key, counted(), chunk_size=PART, max_concurrency=2)
        return size

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names of the folders directly below a prefix, sorted."""
        with self._translate_errors(prefix):
            found = obstore.list_with_delimiter(self._store, prefix)["common_prefixes"]
        return tuple(sorted(path.rpartition("/")[2] for path in found))

    def download(self, key: str, path: Path) -> None:
        """Copy an object to a local file, piece by piece."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in self.read_in_pieces(key, 8 * 1024 * 1024):
                file.write(piece)

    def local(self, key: str, scratch: Path) -> Path:
        """Return a path on disk that holds a listed object: in place for a folder, else a copy in scratch.

        Raises JobError when it is gone: whoever listed it promised that it is there.
        """
        path = self._path(self.root or scratch, key)
        try:
            if self.root is None and not path.exists():
                self.download(key, path)
            if not path.is_file():
                raise FileNotFoundError(key)
        except FileNotFoundError as error:
            raise self._gone(key) from error
        return path

    def opened(self, key: str) -> Openable:
        """Return a listed object to be read in place: a path in a folder, else by ranges; raises JobError if gone."""
        if self.root is not None:
            return self.local(key, self.root)
        self._check(key)
        try:
            with self._translate_errors(key):
                found = obstore.head(self._store, key)
        except FileNotFoundError as error:
            raise self._gone(key) from error
        return ObjectFile(
            self._store, key, int(found["size"]), found["e_tag"], partial(translate_errors, self.name, key, False)
        )

    def _path(self, root: Path, key: str) -> Path:
        """Return the path of a key below a folder; raises JobError when it is not below, be it by a symbolic link."""
        self._check(key)
        path = root / key
        if not path.resolve().is_relative_to(root.resolve()):
            raise self._outside(key)
        return path

    def _check(self, key: str) -> None:
        if not is_key(key):
            raise self._outside(key)

    def _outside(self, key: str) -> JobError:
        return JobError(
            "a key does not name a file inside the bucket",
            on=f"{self.name}: {key!r}",
            next="find out who wrote it; then run the job that writes this phase again, or upload the file again",
        )

    def _gone(self, key: str) -> JobError:
        return JobError(
            "a file that should be in the bucket is gone",
            on=f"{self.name}: {key}",
            next="run the job that wrote it again, or upload it again, then this",
        )

    def read_in_pieces(self, key: str, size: int = PIECE) -> Iterator[bytes]:
        """Yield an object's bytes in pieces of at least `size` bytes, the last one shorter."""
        with self._translate_errors(key):
            for piece in obstore.get(self._store, key).stream(min_chunk_size=size):
                yield bytes(piece)

    def local_folder(self, name: str) -> Path:
        """Return the folder for what is no object (`<bucket>/local/<name>`); only folder buckets have one."""
        if self.root is None:
            raise SettingsError(
                f"an embedded {name} needs a folder as bucket",
                on=f"BUCKET_NAME={self.name}",
                next="set BUCKET_NAME to a folder such as ./data, or name a server in the settings",
            )
        local = self.root / LOCAL
        folder = local / name
        folder.mkdir(parents=True, exist_ok=True)
        if not local.is_symlink() and local.stat().st_uid == os.getuid():
            local.chmod(0o700)  # databases and scratch hold the personal data of plans
        return folder


def open_bucket(name: str, region: str | None = None) -> Bucket:
    """Open a bucket that must be there: a folder is not made by mistyping its name; raises SettingsError."""
    bucket = Bucket(name, region)
    if bucket.root is None and name != MEMORY:
        _check_s3(bucket)
    return bucket


def remove_tree(folder: Path) -> None:
    """Remove a scratch folder and all below it."""
    shutil.rmtree(folder, ignore_errors=True)


def names_folder(name: str) -> bool:
    """Tell whether a bucket of this name is a folder: it is when the name holds a slash."""
    return "/" in name


def _open_store(name: str, root: Path | None, region: str | None) -> "ObjectStore":
    if root is not None:
        _check_folder(name, root)
        return LocalStore(root)
    if name == MEMORY:
        return MemoryStore()
    if not S3_NAME.fullmatch(name):
        raise SettingsError(
            "no S3 bucket can have this name",
            on=f"BUCKET_NAME={name}",
            next="give the bucket's own name, or a folder with a slash in it, such as ./data",
        )
    # Plain HTTP only ever happens when AWS_ENDPOINT_URL names such an address (moto, MinIO): AWS's own are HTTPS.
    options: dict[str, Any] = {"client_options": {"allow_http": True, "timeout": "10min"}}
    if region:
        options["region"] = region
    return S3Store(name, credential_provider=_credentials(), **options)


def _check_folder(name: str, root: Path) -> None:
    scheme, _, rest = name.partition("://")
    if rest:
        raise SettingsError(
            "a bucket is named without address",
            on=f"BUCKET_NAME={name}",
            next=f"--bucket-name {rest.split('/')[0]}" if scheme == "s3" else "give an S3 bucket's name, or a folder",
        )
    if not root.is_dir():
        raise SettingsError(
            "the bucket does not exist",
            on=f"BUCKET_NAME={name} (a folder, because it holds a slash)",
            next=f"mkdir -p {shlex.quote(str(root))}, or give another --bucket-name",
        )


def _credentials() -> Any:
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        return Boto3CredentialProvider()
    except (BotoCoreError, ValueError) as error:  # an unknown profile; no credentials at all
        said = str(error) if isinstance(error, BotoCoreError) else "looked in the environment, profiles and the machine"
        raise SettingsError(
            "there are no AWS credentials", on=f"object storage: {said}", next="aws sso login, or set AWS_PROFILE"
        ) from error


def _check_s3(bucket: Bucket) -> None:
    bucket.list("_dmpworks/probe")  # a listing, since a missing object looks like a missing bucket
