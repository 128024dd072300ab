"""Whatever a record holds, no job breaks: each is a row of clean values, dropped for a reason, or set aside."""

import gzip
import io
import json
import random
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars

from dmpworks.chains.crossref_metadata import jobs as crossref_metadata
from dmpworks.chains.data_citation_corpus import jobs as data_citation_corpus
from dmpworks.chains.datacite import jobs as datacite
from dmpworks.chains.openalex_works import jobs as openalex_works
from dmpworks.chains.ror import jobs as ror
from dmpworks.cleaners import identifiers
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.datasets.mutations import damaged
from tests.parquet_rows import quarantined, rows

MakeRun = Callable[..., Run]
ALL = BadRecords(max_bad_records=1.0)
NUMBER = 500
FORMS = {
    "ror": re.compile("0[a-z0-9]{8}"),
    "orcid": re.compile("([0-9]{4}-){3}[0-9]{3}[0-9x]"),
    "grid": re.compile("grid[.][0-9]+[.][0-9a-f]+"),
    "isni": re.compile("[0-9]{15}[0-9x]"),
    "fundref": re.compile("[0-9]+"),
    "wikidata": re.compile("q[0-9]+"),
}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def damaged_lines(records: list[dict[str, Any]]) -> list[bytes]:
    chance = random.Random(1)
    return [damaged(chance.choice(records), chance) for _ in range(NUMBER)]


def as_gzip(lines: list[bytes]) -> bytes:
    return gzip.compress(b"\n".join(lines) + b"\n", 1)


def as_zip(name: str, lines: list[bytes]) -> bytes:
    # An array's objects are found by their braces, so only lines that are JSON may be in one.
    whole = [line for line in lines if line.startswith(b"{") and is_json(line)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"[" + b",\n".join(whole) + b"]")
    return packed.getvalue()


def is_json(line: bytes) -> bool:
    try:
        json.loads(line.decode(errors="surrogateescape"))
    except (ValueError, RecursionError):
        return False
    return True


def as_tar(lines: list[bytes]) -> bytes:
    packed, content = io.BytesIO(), as_gzip(lines)
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("0.jsonl.gz")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def check(run: Run, counts: Counts) -> None:
    """Check the counts, and that every row holds clean values that DuckDB and polars read."""
    made = rows(run)
    assert counts.accounted
    assert counts.written == len(made) > NUMBER // 5
    assert bool(counts.quarantined) == bool(quarantined(run))
    for row in made:
        check_row(row)
    assert run.bucket.root
    for output in run.outputs:
        path = str(run.bucket.root / output.key)
        if path.endswith(".parquet"):
            assert len(polars.read_parquet(path)) == output.rows
            assert len(duckdb.sql(f"FROM read_parquet('{path}')").fetchall()) == output.rows


def check_row(row: dict[str, Any]) -> None:
    for name, value in leaves(row):
        assert value == value.strip() != "", (name, value)
        assert not re.search("[\x00-\x1f\x7f\ud800-\udfff]", value), (name, value)
        if name.endswith("doi"):
            assert identifiers.doi(value) == value, value
        elif name in FORMS:
            assert FORMS[name].fullmatch(value), (name, value)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a row with the name of its column; an organisation's id by its type."""
    if isinstance(value, dict):
        for key, inner in value.items():
            kind = value.get(f"{key}_type")
            yield from leaves(inner, kind if key.endswith("id") and isinstance(kind, str) else key)
    elif isinstance(value, list):
        for inner in value:
            assert inner is not None
            yield from leaves(inner, name)
    elif isinstance(value, str):
        yield name, value


def test_openalex_works(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    planted = data / "planted/openalex-works/2026-10-01/download"
    some = lines_of(next(iter(sorted(planted.rglob("*.gz")))))[:60]
    lines = damaged_lines(lines_of(data / "real/openalex-works.jsonl.gz") + some)
    bucket.put("openalex-works/2026-10-01/download/part_0000.gz", as_gzip(lines))
    run = make_run(bucket, "openalex-works", "transform")
    options = openalex_works.Transform(workers=1, include_xpac=True)
    check(run, openalex_works.transform(run, openalex_works.Scope(), options, ALL))


def test_datacite(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    planted = data / "planted/datacite/2026-10-01/download"
    some = lines_of(next(iter(sorted(planted.rglob("*.jsonl.gz")))))[:60]
    lines = damaged_lines(lines_of(data / "real/datacite.jsonl.gz") + some)
    bucket.put("datacite/2026-10-01/download/dois/updated_2026-01/part_0000.jsonl.gz", as_gzip(lines))
    run = make_run(bucket, "datacite", "transform")
    check(run, datacite.transform(run, datacite.Transform(workers=1), datacite.Scope(), ALL))


def test_crossref_metadata(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    lines = damaged_lines(lines_of(data / "real/crossref-metadata.jsonl.gz"))
    bucket.put("crossref-metadata/2026-10-01/download/March_2026.tar", as_tar(lines))
    run = make_run(bucket, "crossref-metadata", "transform")
    options = crossref_metadata.Transform(workers=1)
    check(run, crossref_metadata.transform(run, options, crossref_metadata.Scope(), ALL))


def test_ror(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    lines = damaged_lines(json.loads((data / "real/ror.json").read_bytes()))
    bucket.put("ror/2026-10-01/download/ror.zip", as_zip("v2.0-2026-01-01-ror-data.json", lines))
    run = make_run(bucket, "ror", "transform")
    check(run, ror.transform(run, ALL))


def test_data_citation_corpus(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    lines = damaged_lines(json.loads((data / "real/data-citation-corpus.json").read_bytes()))
    bucket.put("data-citation-corpus/2026-10-01/download/corpus.zip", as_zip("corpus.json", lines))
    run = make_run(bucket, "data-citation-corpus", "transform")
    check(run, data_citation_corpus.transform(run, ALL))
