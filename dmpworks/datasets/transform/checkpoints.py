"""Records of finished parts, which let a later execution of a transform reuse them.

`<phase>/_parts/<part>-<fingerprint>.json` is written after the part's files. The fingerprint covers everything that
determines the output: the arguments of the worker, the digests of the inputs, the code of dmpworks. Shards use these
records to see what other shards have finished. As no manifest lists them, the next manifest of the phase removes them.
"""

import hashlib
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

import dmpworks
from dmpworks.datasets.transform.quarantine import QUARANTINE
from dmpworks.jobs.manifest import phase_folder
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket

RECORDS = "_parts"
READERS = 32  # records read in parallel: a tar of Crossref has some 30,000 parts


class Result(msgspec.Struct, frozen=True):
    """The result of a part: its files, its counts, its first bad records for an error message.

    `values` is the number of values of each field that is normally filled.
    """

    files: tuple[File, ...]
    counts: Counts
    sample: tuple[str, ...] = ()
    values: dict[str, int] = {}


def fingerprint(*determinants: Any) -> str:
    """Return a digest of the code of dmpworks and of the arguments: data, functions, or partials of functions."""
    data = msgspec.json.encode((_code(), determinants), enc_hook=_in_json, order="deterministic")
    return hashlib.sha256(data).hexdigest()[:16]


@cache
def _code() -> str:
    """Return a digest of all source files: during development they change without the version."""
    digest = hashlib.sha256()
    for path in sorted(Path(dmpworks.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _in_json(value: Any) -> Any:
    """Return the JSON form of a partial, a schema, a function or a class."""
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    if isinstance(value, pa.Schema):
        return str(value)
    return value.__module__, value.__qualname__


def record_key(run: Run, part: str, fingerprint: str) -> str:
    """Return the key of a part's record."""
    return f"{phase_folder(run.chain, run.run_id, run.job)}/{RECORDS}/{part}-{fingerprint}.json"


def write_record(bucket: Bucket, key: str, result: Result) -> None:
    """Record that all files of a part are in the bucket."""
    bucket.put(key, msgspec.json.encode(result))


def finished_parts(run: Run, records: Collection[str]) -> dict[str, Result]:
    """Return the results of the finished parts by record: those whose files are all in the bucket in full size."""
    folders = (phase_folder(run.chain, run.run_id, folder) for folder in (run.job, QUARANTINE))
    stored = dict(item for folder in folders for item in run.bucket.list(folder))
    keys = [key for key in records if key in stored]
    with ThreadPoolExecutor(READERS) as pool:
        read = zip(keys, pool.map(partial(_read, run.bucket), keys), strict=True)
        return {key: result for key, result in read if result and _is_whole(result, stored)}


def _read(bucket: Bucket, key: str) -> Result | None:
    try:
        return msgspec.json.decode(bucket.get(key), type=Result)
    except FileNotFoundError:  # removed by another shard that has just completed the phase
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):  # damaged: the part is transformed again
        return None


def _is_whole(result: Result, stored: dict[str, int]) -> bool:
    return all(stored.get(file.key) == file.size for file in result.files)
