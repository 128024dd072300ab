"""The record of each finished part, by which a later execution of a transform takes the part over.

`<phase>/_parts/<part>-<fingerprint>.json` is written once the part's files are in the bucket; its name holds the
fingerprint of all that makes the output: what a worker is handed, the inputs' digests, the code of dmpworks. Shards
learn from these records what the others have done. Like all that no manifest lists, they go away with the next one.
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
READERS = 32  # records read at once: a tar of Crossref has some 30,000 parts


class Result(msgspec.Struct, frozen=True):
    """What became of a part: its files, its counts, its first bad records for a message."""

    files: tuple[File, ...]
    counts: Counts
    sample: tuple[str, ...] = ()


def fingerprint(*made_of: Any) -> str:
    """Return a digest of the code of dmpworks and of anything that is data, function, or partial of one."""
    data = msgspec.json.encode((_code(), made_of), enc_hook=_in_json, order="deterministic")
    return hashlib.sha256(data).hexdigest()[:16]


@cache
def _code() -> str:
    """Return a digest of all sources: the version stays as it is while somebody works on them."""
    digest = hashlib.sha256()
    for path in sorted(Path(dmpworks.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _in_json(value: Any) -> Any:
    """Return what stands for a value that JSON has no form for."""
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    if isinstance(value, pa.Schema):
        return str(value)
    return value.__module__, value.__qualname__


def record_key(run: Run, part: str, made_by: str) -> str:
    """Return the key of a part's record."""
    return f"{phase_folder(run.chain, run.run_id, run.job)}/{RECORDS}/{part}-{made_by}.json"


def write_record(bucket: Bucket, key: str, result: Result) -> None:
    """Note that the files of a part are in the bucket."""
    bucket.put(key, msgspec.json.encode(result))


def finished(run: Run, records: Collection[str]) -> dict[str, Result]:
    """Return, by record, the parts that are finished: the record is there, and each of its files in its size."""
    folders = (phase_folder(run.chain, run.run_id, folder) for folder in (run.job, QUARANTINE))
    stored = dict(item for folder in folders for item in run.bucket.list(folder))
    there = [key for key in records if key in stored]
    with ThreadPoolExecutor(READERS) as pool:
        found = zip(there, pool.map(partial(_read, run.bucket), there), strict=True)
        return {key: result for key, result in found if result and _is_whole(result, stored)}


def _read(bucket: Bucket, key: str) -> Result | None:
    try:
        return msgspec.json.decode(bucket.get(key), type=Result)
    except FileNotFoundError:  # another shard has just completed the phase
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):  # damaged: the part is made again
        return None


def _is_whole(result: Result, stored: dict[str, int]) -> bool:
    return all(stored.get(file.key) == file.size for file in result.files)
