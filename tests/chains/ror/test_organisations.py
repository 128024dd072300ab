"""ROR's organisations come out with the names and ids that ROR publishes."""

import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dmpworks.chains.ror.jobs import transform
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import quarantined, rows

MakeRun = Callable[..., Run]
DOWNLOAD = "ror/2026-10-01/download/v2.4-2026-03-12-ror-data.zip"


def put_zip(bucket: Bucket, members: dict[str, str]) -> Path:
    """Upload a release by hand."""
    assert bucket.root
    path = bucket.root / DOWNLOAD
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def organisations(bucket: Bucket, data: Path, make_run: MakeRun) -> dict[str, dict[str, Any]]:
    """The 32 real organisations after the transform, by ROR id."""
    put_zip(bucket, {"v2.4-2026-03-12-ror-data.json": (data / "real" / "ror.json").read_text(), "x.csv": "id,name"})
    run = make_run(bucket, "ror", "transform")
    assert transform(run, BadRecords()) == Counts(read=32, written=32)
    return {row["ror"]: row for row in rows(run)}


def test_an_institute(organisations: dict[str, dict[str, Any]]) -> None:
    assert organisations["02mgtg880"] == {
        "ror": "02mgtg880",
        "name": "Critical Path Institute",
        "names": ["C-Path", "Critical Path Institute"],
        "status": "active",
        "types": ["nonprofit"],
        "external_ids": [
            {"id_type": "grid", "id": "grid.417621.7"},
            {"id_type": "wikidata", "id": "q5186651"},
        ],
    }


def test_names_in_several_languages_keep_their_order(organisations: dict[str, dict[str, Any]]) -> None:
    office = organisations["00bws1855"]
    assert office["name"] == "Executive Office of the President"
    assert office["names"] == [
        "Bureau exécutif du président des États-unis",
        "EOP",
        "EOPOTUS",
        "Executive Office of the President",
        "Oficina Ejecutiva del Presidente de los Estados Unidos",
    ]
    assert office["types"] == ["government"]


def test_an_isni_loses_its_spaces(organisations: dict[str, dict[str, Any]]) -> None:
    assert organisations["04a4v0j95"] == {
        "ror": "04a4v0j95",
        "name": "National Museum of Natural History",
        "names": ["NMNHS", "National Museum of Natural History", "Национален природонаучен музей"],
        "status": "active",
        "types": ["archive"],
        "external_ids": [
            {"id_type": "grid", "id": "grid.436381.b"},
            {"id_type": "isni", "id": "0000000449119467"},
            {"id_type": "wikidata", "id": "q6974486"},
        ],
    }


def test_the_planted_registry(planted: Bucket, make_run: MakeRun, data: Path) -> None:
    run = make_run(planted, "ror", "transform")
    counts = transform(run, BadRecords())
    expected = json.loads((data / "planted" / "expected.json").read_text())["ror"]
    found = rows(run)
    assert counts == Counts(read=expected["organisations"], written=expected["organisations"])
    assert len({row["ror"] for row in found}) == expected["organisations"]
    assert sum("funder" in row["types"] for row in found) == expected["of them funders"]
    assert sum(row["status"] != "active" for row in found) == expected["not active"]
    kinds = Counter(entry["id_type"] for row in found for entry in row["external_ids"])
    assert set(kinds) == {"grid", "isni", "fundref", "wikidata"}


def test_of_two_schemas_the_newer_is_read(bucket: Bucket, make_run: MakeRun) -> None:
    old = [{"id": "https://ror.org/02mgtg880", "name": "Critical Path Institute"}]
    new = [
        {"id": "https://ror.org/02mgtg880", "names": [{"value": "Critical Path Institute", "types": ["ror_display"]}]}
    ]
    put_zip(bucket, {"v1.5-ror-data.json": json.dumps(old), "v1.5-ror-data_schema_v2.json": json.dumps(new)})
    run = make_run(bucket, "ror", "transform")
    assert transform(run, BadRecords()) == Counts(read=1, written=1)
    assert rows(run)[0]["names"] == ["Critical Path Institute"]


@pytest.mark.parametrize("added", ["__MACOSX/._v2.4-ror-data.json", "._v2.4-ror-data.json"])
@pytest.mark.parametrize("real", ["v2.4-ror-data.json", "data/v2.4-ror-data.json"])
def test_what_macos_adds_is_not_read(bucket: Bucket, make_run: MakeRun, added: str, real: str) -> None:
    put_zip(bucket, {added: "\0", real: '[{"id": "https://ror.org/02mgtg880", "names": [{"value": "A"}]}]'})
    assert transform(make_run(bucket, "ror", "transform"), BadRecords()) == Counts(read=1, written=1)


def test_what_is_no_organisation_is_counted(bucket: Bucket, make_run: MakeRun) -> None:
    ror = "https://ror.org/02mgtg880"
    good = {"id": ror, "names": [{"value": "A"}]}
    entries = [{"id": None, "names": [{"value": "A"}]}, {"id": ror, "names": []}, good]
    put_zip(bucket, {"v2.4-ror-data.json": json.dumps(entries, indent=2)})
    run = make_run(bucket, "ror", "transform")
    assert transform(run, BadRecords()) == Counts(read=3, written=1, dropped={"no ROR id": 1, "no name": 1})


def test_a_release_of_the_older_schema_alone_fails(bucket: Bucket, make_run: MakeRun) -> None:
    old = [{"id": "https://ror.org/02mgtg880", "name": "Critical Path Institute"}] * 32
    put_zip(bucket, {"v1.5-ror-data.json": json.dumps(old)})
    run = make_run(bucket, "ror", "transform")
    with pytest.raises(TransformError, match="none of 32 records was kept") as failure:
        transform(run, BadRecords())
    assert failure.value.on == "ror 2026-10-01: 32 no name"
    assert run.outputs == []


@pytest.mark.parametrize("bad", ["null", "17", '"a {text}"', "[1, [2]]"])
def test_what_is_no_object_is_set_aside_with_its_place(bucket: Bucket, make_run: MakeRun, bad: str) -> None:
    good = json.dumps({"id": "https://ror.org/02mgtg880", "names": [{"value": "A"}]})
    put_zip(bucket, {"v2.4-ror-data.json": f"[{good},\n {good}, {bad}, {good}]"})
    counts = transform(make_run(bucket, "ror", "transform"), BadRecords(max_bad_records=0.5))
    assert counts == Counts(read=4, written=3, quarantined=1, quarantined_by_reason={"not an object": 1})
    with pytest.raises(TransformError, match="1 of 4 records") as failure:
        transform(make_run(bucket, "ror", "transform"), BadRecords())
    assert f"{DOWNLOAD} line 3: not an object" in failure.value.on


def test_a_broken_organisation_is_set_aside(bucket: Bucket, make_run: MakeRun) -> None:
    good = '{"id": "https://ror.org/02mgtg880", "names": [{"value": "A {strange} \\"name\\"", "types": ["label"]}]}'
    put_zip(bucket, {"v2.4-ror-data.json": f'[{good},\n {{"id": oops}},\n {good}]'})
    run = make_run(bucket, "ror", "transform")
    counts = transform(run, BadRecords(max_bad_records=0.5))
    assert (counts.read, counts.written, counts.quarantined) == (3, 2, 1)
    assert rows(run)[0]["name"] == 'A {strange} "name"'
    assert len(quarantined(run)) == 1
    run = make_run(bucket, "ror", "transform")
    with pytest.raises(TransformError, match="1 of 3 records") as failure:
        transform(run, BadRecords())
    assert "line 2" in failure.value.on


@pytest.mark.parametrize("cut", ["half of the zip", "no array end", "no data file", "no zip"])
def test_an_unreadable_release_fails_and_publishes_nothing(bucket: Bucket, make_run: MakeRun, cut: str) -> None:
    text = json.dumps([{"id": "https://ror.org/02mgtg880", "names": [{"value": "A" * 5000}]}] * 20)
    name = "readme.txt" if cut == "no data file" else "v2.4-ror-data.json"
    path = put_zip(bucket, {name: text[:-1] if cut == "no array end" else text})
    if cut == "half of the zip":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if cut == "no zip":
        path.write_bytes(b"<html>")
    run = make_run(bucket, "ror", "transform")
    with pytest.raises(TransformError) as failure:
        transform(run, BadRecords())
    assert path.name in failure.value.on
    assert failure.value.next
    assert run.outputs == []


@pytest.mark.parametrize(
    ("mark", "place", "value"),
    [(b"PK\x01\x02", 6, 99), (b"PK\x01\x02", 8, 1), (b"PK\x01\x02", 10, 77), (b"PK\x05\x06", 19, 127)],
    ids=["version", "encryption", "method", "offset"],
)
def test_a_header_that_makes_no_sense_fails(
    bucket: Bucket, make_run: MakeRun, mark: bytes, place: int, value: int
) -> None:
    path = put_zip(bucket, {"v2.4-ror-data.json": "[]"})
    content = bytearray(path.read_bytes())
    content[content.rindex(mark) + place] = value
    path.write_bytes(content)
    with pytest.raises(TransformError, match=path.name):
        transform(make_run(bucket, "ror", "transform"), BadRecords())


def test_kinds_are_clean_texts(bucket: Bucket, make_run: MakeRun) -> None:
    entry = {"id": "https://ror.org/02mgtg880", "names": [{"value": "A"}], "status": " ", "types": ["a\ud800", "", "b"]}
    put_zip(bucket, {"v2.4-ror-data.json": json.dumps([entry])})
    run = make_run(bucket, "ror", "transform")
    transform(run, BadRecords())
    assert [(row["status"], row["types"]) for row in rows(run)] == [(None, ["a", "b"])]


def test_a_flipped_byte_fails(bucket: Bucket, make_run: MakeRun) -> None:
    text = json.dumps([{"id": "https://ror.org/02mgtg880", "names": [{"value": f"Name {n}"}]} for n in range(2000)])
    path = put_zip(bucket, {"v2.4-ror-data.json": text})
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    run = make_run(bucket, "ror", "transform")
    with pytest.raises(TransformError):
        transform(run, BadRecords())
    assert run.outputs == []
