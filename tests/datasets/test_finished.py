"""What an earlier execution finished is taken over, as long as all that made it is the same and it is still there."""

import gzip
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import dmpworks
from dmpworks.chains.ror.schema import SCHEMA as OTHER_SCHEMA
from dmpworks.datasets.subset import INSTITUTIONS, WORK_DOIS, Subset
from dmpworks.datasets.transform.checkpoints import RECORDS, fingerprint
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.datasets.transform.run_parts import transform_parts
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import MEMORY, Bucket, open_bucket
from tests.datasets import sample
from tests.datasets.sample import DATASET, SCHEMA, broken_gzips, lines
from tests.datasets.test_transform import put, run_it

MakeRun = Callable[..., Run]
PHASE = "things/2026-10-01/transform"


def three(bucket: Bucket) -> list[Part]:
    return put(bucket, a=gzip.compress(lines(3)), b=gzip.compress(lines(2, 3) + b"{\n"), c=gzip.compress(lines(4, 5)))


def again(bucket: Bucket, make_run: MakeRun, parts: list[Part], **how: object) -> list[bool]:
    """Transform once more and return whether each part was made anew."""
    run = make_run(bucket, "things", "transform")
    run.inputs = how.pop("inputs", {})  # type: ignore[assignment]
    dataset = how.pop("dataset", DATASET)
    options = {"workers": 1, "use_subset": False, "max_bad_records": 0.5} | how
    transform_parts(run, dataset, parts, **options)  # type: ignore[arg-type]
    return [run.token in file.key for file in run.outputs if file.key.endswith(".parquet")]


def test_finished_parts_are_taken_over_with_their_counts(bucket: Bucket, make_run: MakeRun) -> None:
    parts = three(bucket)
    first, second = make_run(bucket, "things", "transform"), make_run(bucket, "things", "transform")
    counts = run_it(first, parts, bad=0.5)
    assert run_it(second, parts, bad=0.5) == counts
    assert counts == Counts(10, 9, {}, 1, {"things": 9}, {"malformed JSON": 1})
    assert second.outputs == first.outputs and len(first.outputs) == 4


def test_only_what_failed_is_transformed_again(bucket: Bucket, make_run: MakeRun) -> None:
    parts = put(bucket, a=gzip.compress(lines(3)), b=broken_gzips(lines(50))["wrong CRC"], c=gzip.compress(lines(2)))
    with pytest.raises(TransformError, match="1 of 3 files"):
        run_it(make_run(bucket, "things", "transform"), parts)
    with pytest.raises(TransformError, match="1 of 3 files"):
        run_it(make_run(bucket, "things", "transform"), parts)
    bucket.put(parts[1].file.key, gzip.compress(lines(50)))  # the same size was listed: only its content was wrong
    assert again(bucket, make_run, parts) == [False, True, False]


def test_allowing_more_bad_records_transforms_nothing_again(bucket: Bucket, make_run: MakeRun) -> None:
    parts = three(bucket)
    with pytest.raises(TransformError, match=r"b\.gz line 3: malformed JSON: "):
        run_it(make_run(bucket, "things", "transform"), parts, bad=0.0)
    assert again(bucket, make_run, parts, workers=2) == [False, False, False]


def test_a_file_that_is_gone_or_of_another_size_is_made_again(bucket: Bucket, make_run: MakeRun) -> None:
    parts, run = three(bucket), make_run(bucket, "things", "transform")
    run_it(run, parts, bad=0.5)
    aside, a, _, c = (file.key for file in run.outputs)
    bucket.delete([a])
    bucket.put(c, b"PAR1")
    assert again(bucket, make_run, parts) == [True, False, True]
    bucket.delete([aside])
    assert again(bucket, make_run, parts) == [False, True, False]


@pytest.mark.parametrize("damaged", [b"", b"{", b'{"files": 3}', b"\xff"])
def test_a_record_that_cannot_be_read_counts_as_none(bucket: Bucket, make_run: MakeRun, damaged: bytes) -> None:
    parts = three(bucket)
    run_it(make_run(bucket, "things", "transform"), parts, bad=0.5)
    bucket.put(bucket.list(f"{PHASE}/{RECORDS}")[1].key, damaged)
    assert again(bucket, make_run, parts) == [False, True, False]


def with_option(records: object, subset: object, notes: object, option: bool) -> object:
    return sample.DATASET.columns(records, subset, notes)  # type: ignore[arg-type]


def test_whatever_makes_another_output_makes_the_parts_again(bucket: Bucket, make_run: MakeRun) -> None:
    parts = three(bucket)
    bucket.put(INSTITUTIONS, b"[]")
    bucket.put(WORK_DOIS, b'["10.1/1"]')
    everything, nothing = [True] * 3, [False] * 3
    on, off = (Dataset(SCHEMA, sample.read, partial(with_option, option=option)) for option in (True, False))
    for how in ({}, {"inputs": {"a": "1"}}, {"use_subset": True}, {"dataset": on}, {"dataset": off}):
        assert again(bucket, make_run, parts, **how) == everything, how
        assert again(bucket, make_run, parts, **how) == nothing, how
    bucket.put(WORK_DOIS, b'["10.1/2"]')
    assert again(bucket, make_run, parts, use_subset=True) == everything
    assert again(bucket, make_run, [Part(parts[0].file, stated=3), *parts[1:]]) == [True, False, False]


def test_a_fingerprint_is_of_values_not_of_their_order_in_memory() -> None:
    one, other = (frozenset(f"10.1/{number}" for number in order) for order in (range(500), reversed(range(500))))
    empty: frozenset[str] = frozenset()
    assert fingerprint(Subset(one, empty, empty, empty)) == fingerprint(Subset(other, empty, empty, empty))
    assert fingerprint(Subset(one, empty, empty, empty)) != fingerprint(Subset(empty, one, empty, empty))
    assert fingerprint(SCHEMA) != fingerprint(OTHER_SCHEMA)


def test_parts_are_taken_over_in_a_bucket_that_is_no_folder(make_run: MakeRun) -> None:
    bucket = open_bucket(MEMORY)
    parts = three(bucket)
    assert again(bucket, make_run, parts) == [True] * 3
    assert again(bucket, make_run, parts) == [False] * 3


def test_other_code_takes_nothing_over(tmp_path: Path) -> None:
    copy = tmp_path / "dmpworks"
    shutil.copytree(Path(dmpworks.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    told = "from dmpworks.datasets.transform.checkpoints import fingerprint; print(fingerprint(1))"

    def printed() -> str:
        return subprocess.run(
            [sys.executable, "-c", told], cwd=tmp_path, capture_output=True, check=True
        ).stdout.decode()

    before = printed()
    assert before.strip() == fingerprint(1)
    with (copy / "names.py").open("a") as file:
        file.write("\nSURNAMES = 1\n")
    assert printed() not in (before, "")
