"""Copies objects from one S3 bucket to another inside S3: no byte goes through this machine.

A large object is copied in parts, and the copy under way is noted beside it, so that a killed job continues it.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
import msgspec
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.services.etags import md5_of
from dmpworks.services.keys import Key
from dmpworks.services.storage import Bucket

LARGEST = 5 * 1024**3  # bytes; S3 copies no larger object in one step
PART = 512 * 1024**2
TOGETHER = 8  # parts under way
CHECKSUMS = {"sha256": "ChecksumSHA256", "sha1": "ChecksumSHA1"}
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 8}, read_timeout=900, max_pool_connections=64)
_ENCRYPTED = frozenset({"aws:kms", "aws:kms:dsse"})
_GONE = frozenset({"404", "NoSuchKey", "NoSuchBucket"})
_OVERLOADED = frozenset({"SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "Throttling"})


@dataclass(frozen=True)
class Foreign:
    """An object of another bucket, in the state that its ETag names."""

    bucket: str
    key: str
    size: int
    etag: str | None
    requester_pays: bool = False

    @property
    def request(self) -> dict[str, Any]:
        """What each request to copy of it says."""
        found: dict[str, Any] = {"CopySource": {"Bucket": self.bucket, "Key": self.key}}
        found |= {"CopySourceIfMatch": self.etag} if self.etag else {}
        return found | ({"RequestPayer": "requester"} if self.requester_pays else {})

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class _Begun(msgspec.Struct, frozen=True):
    """A copy in parts that is under way."""

    source: str
    etag: str | None
    size: int
    part: int
    key: Key
    upload: str


class InsideS3:
    """Copies into one bucket."""

    def __init__(self, bucket: Bucket, largest: int = LARGEST, part: int = PART) -> None:
        self._bucket, self._largest, self._part = bucket, largest, part
        self._client: Any = boto3.client("s3", region_name=bucket.region, config=_PATIENT)

    def copy(
        self, source: Foreign, key: str, algorithm: str | None, note: str, moved: Callable[[int], None]
    ) -> tuple[str, str | None]:
        """Copy an object; returns its key and its hash, if S3 computes that algorithm.

        A large one is copied under the key of the execution that began it, as noted in the object `note`. Raises
        DownloadError when the source has changed or is refused, TemporaryError when S3 is busy.
        """
        with _translate_errors(str(source)):
            if source.size > self._largest:
                return self._in_parts(source, key, note, moved), None
            stated = self._at_once(source, key, algorithm)
        moved(source.size)
        return key, stated

    def _at_once(self, source: Foreign, key: str, algorithm: str | None) -> str | None:
        wanted = {"ChecksumAlgorithm": algorithm.upper()} if algorithm in CHECKSUMS else {}
        answer = self._client.copy_object(Bucket=self._bucket.name, Key=key, **source.request, **wanted)
        copied = answer["CopyObjectResult"]
        plain = answer.get("ServerSideEncryption") not in _ENCRYPTED
        md5 = md5_of(copied["ETag"]) if plain else None
        # Not every store heeds the condition of the request.
        if md5 and md5 != md5_of(source.etag) and self._etag(source) != source.etag:
            self._bucket.delete([key])
            raise _changed(str(source))
        if algorithm == "md5":
            return md5
        return _hexadecimal(copied.get(CHECKSUMS.get(algorithm or "", "")))

    def _etag(self, source: Foreign) -> str | None:
        payer = {"RequestPayer": "requester"} if source.requester_pays else {}
        etag: str | None = self._client.head_object(Bucket=source.bucket, Key=source.key, **payer)["ETag"]
        return etag

    def _in_parts(self, source: Foreign, key: str, note: str, moved: Callable[[int], None]) -> str:
        begun = self._begun(source, key, note) or self._begin(source, key, note)
        target = {"Bucket": self._bucket.name, "Key": begun.key, "UploadId": begun.upload}
        there = self._parts(target)
        moved(sum(part["Size"] for part in there.values()))

        def copy(number: int) -> dict[str, Any]:
            start = (number - 1) * begun.part
            end = min(start + begun.part, source.size)
            answer = self._client.upload_part_copy(
                **target, PartNumber=number, CopySourceRange=f"bytes={start}-{end - 1}", **source.request
            )
            moved(end - start)
            return {"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]}

        numbers = range(1, -(-source.size // begun.part) + 1)
        with ThreadPoolExecutor(TOGETHER) as pool:
            made = list(pool.map(copy, (number for number in numbers if number not in there)))
        parts = [{"PartNumber": number, "ETag": part["ETag"]} for number, part in there.items()] + made
        self._client.complete_multipart_upload(
            **target, MultipartUpload={"Parts": sorted(parts, key=lambda part: part["PartNumber"])}
        )
        return begun.key

    def _begin(self, source: Foreign, key: str, note: str) -> _Begun:
        answer = self._client.create_multipart_upload(Bucket=self._bucket.name, Key=key)
        part = max(self._part, -(-source.size // 10_000))  # S3 takes 10,000 parts at most
        begun = _Begun(str(source), source.etag, source.size, part, key, answer["UploadId"])
        self._bucket.put(note, msgspec.json.encode(begun))
        return begun

    def _begun(self, source: Foreign, key: str, note: str) -> _Begun | None:
        """Return the copy of this very content that a killed execution began, unless S3 has given it up."""
        try:
            begun = msgspec.json.decode(self._bucket.get(note), type=_Begun)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if begun.key.rpartition("/")[0] != key.rpartition("/")[0]:  # not of this phase: we did not begin it
            return None
        target = {"Bucket": self._bucket.name, "Key": begun.key, "UploadId": begun.upload}
        try:
            self._parts(target)
        except self._client.exceptions.NoSuchUpload:
            return None
        if source.etag and (begun.source, begun.etag, begun.size) == (str(source), source.etag, source.size):
            return begun
        self._client.abort_multipart_upload(**target)
        return None

    def _parts(self, target: dict[str, Any]) -> dict[int, Any]:
        pages = self._client.get_paginator("list_parts").paginate(**target)
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}


class Checksums:
    """Asks S3 for what it keeps of objects."""

    def __init__(self, region: str | None, anonymous: bool, requester_pays: bool) -> None:
        unsigned = Config(signature_version=UNSIGNED) if anonymous else Config()
        self._client: Any = boto3.client("s3", region_name=region, config=_PATIENT.merge(unsigned))
        self._payer = {"RequestPayer": "requester"} if requester_pays else {}

    def sha256(self, address: str, etag: str | None) -> str | None:
        """Return the SHA-256 of the object at an s3:// address, where S3 keeps one of the whole; raises as a copy does.

        Of an object that was written in parts S3 keeps a checksum of the parts' checksums only.
        """
        if "-" in (etag or ""):
            return None
        parts = urlsplit(address)
        asked = {"Bucket": parts.netloc, "Key": parts.path.lstrip("/"), "ChecksumMode": "ENABLED"} | self._payer
        with _translate_errors(address):
            answer = self._client.head_object(**asked, **({"IfMatch": etag} if etag else {}))
        return _hexadecimal(answer.get("ChecksumSHA256"))


def _hexadecimal(checksum: str | None) -> str | None:
    return b64decode(checksum).hex() if checksum else None


@contextmanager
def _translate_errors(where: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _failure(error, where) from error
    except BotoCoreError as error:
        raise TemporaryError("S3 could not be reached", on=f"{where}: {error}", next="try again") from error


def _failure(error: ClientError, where: str) -> DownloadError | TemporaryError:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    again = "check the address and the credentials, then run the download job again"
    if code == "PreconditionFailed":
        return _changed(where)
    if code in _GONE:
        return DownloadError("the source holds no such object", on=where, next=again)
    kind = TemporaryError if code in _OVERLOADED or status >= 500 else DownloadError
    return kind("the S3 request for an object failed", on=f"{where}: {error}", next=again)


def _changed(where: str) -> DownloadError:
    return DownloadError(
        "a file of the source has changed", on=f"{where}: its ETag is another", next="run the download job again"
    )
