"""Object storage: a bucket is S3, a folder or memory, behind one interface (obstore).

A value with a slash (`./data`) is a folder, `memory:` a store of this process, anything else the name of an S3 bucket.
"""

import re
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, MemoryStore, S3Store

from dmpworks.errors import DmpworksError, JobError, SettingsError, TemporaryError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PIECE = 256 * 1024
MEMORY = "memory:"
S3_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
DENIED = ("403 Forbidden", "401 Unauthorized", "ExpiredToken")  # a listing hides them in a general error
LOCAL = "local"  # what is no object (indexes, databases, scratch) lies under this name in a folder bucket


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

    def _told(self, key: str) -> AbstractContextManager[None]:
        return _told(self.name, key, self.is_folder)

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises FileNotFoundError."""
        with self._told(key):
            return bytes(obstore.get(self._store, key).bytes())

    def put(self, key: str, data: bytes) -> None:
        """Write an object in one atomic step: nobody sees a part of it."""
        with self._told(key):
            obstore.put(self._store, key, data, use_multipart=False)

    def create(self, key: str, data: bytes) -> None:
        """Write an object that must not exist yet; raises FileExistsError."""
        try:
            with self._told(key):
                obstore.put(self._store, key, data, mode="create", use_multipart=False)
        except AlreadyExistsError as error:
            raise FileExistsError(key) from error

    def size(self, key: str) -> int:
        """Return an object's size in bytes; raises FileNotFoundError."""
        with self._told(key):
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
        with self._told(prefix):
            pages = list(obstore.list(self._store, prefix=prefix))
        return sorted(Stored(item["path"], int(item["size"])) for page in pages for item in page)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        for key in keys:
            try:
                with self._told(key):
                    obstore.delete(self._store, key)
            except FileNotFoundError:
                continue

    def upload(self, path: Path, key: str) -> int:
        """Write a local file as an object, in parts when large; returns its size in bytes."""
        with self._told(key):
            obstore.put(self._store, key, path)
        return path.stat().st_size

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
        path = (self.root or scratch) / key
        try:
            if self.root is None and not path.exists():
                self.download(key, path)
            if not path.is_file():
                raise FileNotFoundError(key)
        except FileNotFoundError as error:
            raise JobError(
                "a file that should be in the bucket is gone",
                on=f"{self.name}: {key}",
                next="run the job that wrote it again, or upload it again, then this",
            ) from error
        return path

    def read_in_pieces(self, key: str, size: int = PIECE) -> Iterator[bytes]:
        """Yield an object's bytes in pieces of at least `size` bytes, the last one shorter."""
        with self._told(key):
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
        folder = self.root / LOCAL / name
        folder.mkdir(parents=True, exist_ok=True)
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
    try:
        bucket.list("_dmpworks/probe")  # a listing: only its answer tells a missing bucket from a missing object
    except (FileNotFoundError, JobError, TemporaryError) as error:
        if "NoSuchBucket" not in f"{error} {error.__cause__}":
            raise
        raise SettingsError(
            "the bucket does not exist", on=f"BUCKET_NAME={bucket.name}", next="give another --bucket-name"
        ) from error


@contextmanager
def _told(name: str, key: str, is_folder: bool) -> Iterator[None]:
    """Turn the store's own failures into ours; a missing object stays a FileNotFoundError."""
    try:
        yield
    except (AlreadyExistsError, FileNotFoundError):
        raise
    except BaseError as error:
        raise _failure(error, f"{name}/{key}: {str(error).splitlines()[0]}", is_folder) from error


def _failure(error: BaseError, on: str, is_folder: bool) -> DmpworksError:
    """Return what a store's failure means: only a server that is busy or away is worth another attempt."""
    if is_folder:
        return JobError("the folder could not be used as a bucket", on=on, next="check its permissions and free space")
    denied = isinstance(error, (PermissionDeniedError, UnauthenticatedError))
    if denied or any(sign in str(error) for sign in DENIED):
        return JobError(
            "the object store refused these credentials",
            on=on,
            next="aws sso login, or ask for the right to list, read, write and delete in this bucket",
        )
    return TemporaryError(
        "the object store did not do as asked",
        on=on,
        next="check the network, the credentials and the bucket's name, then try again",
    )
