"""Make `demo/world/`: real CC0 records and a planted world, as sources in the layouts their publishers use.

    python demo/make_world.py PLANTED_WORLD REAL_RECORDS

PLANTED_WORLD is a folder in the project's storage layout (one with `PLANT.md`), REAL_RECORDS the folder
`tests/data/real`. The output is the same, byte for byte, for the same input.
"""

import gzip
import hashlib
import io
import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

WORLD = Path(__file__).parent / "world"
RUN, MONTH = "2026-10-01", "2026-08"
LONG_AGO = (2026, 1, 1, 0, 0, 0)


def main(planted: Path, real: Path) -> None:
    """Write every source anew."""
    shutil.rmtree(WORLD, ignore_errors=True)
    ror(planted, real)
    data_citation_corpus(planted, real)
    openalex(planted, real)
    crossref(planted, real)
    datacite(planted, real)
    shutil.copytree(planted / "dmps" / RUN / "download", WORLD / "dmps")
    for name in ("truth.csv", "PLANT.md"):
        shutil.copy(planted / name, WORLD / name)
    for path in WORLD.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def ror(planted: Path, real: Path) -> None:
    """One zip with one JSON array of organisations."""
    source = next((planted / "ror" / RUN / "download").glob("*.zip"))
    with zipfile.ZipFile(source) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".json"))
        organisations = json.loads(archive.read(name)) + json.loads((real / "ror.json").read_text())
    _zip(WORLD / "ror" / source.name, {name: _json(organisations)})


def data_citation_corpus(planted: Path, real: Path) -> None:
    """One zip with JSON arrays of citations; the real ones are one file more."""
    source = next((planted / "data-citation-corpus" / RUN / "download").glob("*.zip"))
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    more = sorted(files)[-1].replace("-02-", "-03-")
    files[more] = (real / "data-citation-corpus.json").read_bytes()
    _zip(WORLD / "data-citation-corpus" / source.name, files)


def openalex(planted: Path, real: Path) -> None:
    """The JSON Lines copy: a part for each partition, and the manifest that states their sizes and records."""
    source = planted / "openalex-works" / RUN / "download"
    shutil.copytree(source, WORLD / "openalex")
    works = WORLD / "openalex" / "data" / "jsonl" / "works"
    part = works / "updated_date=2026-09-20" / "part_0000.gz"
    records = gzip.decompress((real / "openalex-works.jsonl.gz").read_bytes())
    data = _gzip(part, records)
    manifest = json.loads((works / "manifest.json").read_text())
    meta = {
        "content_length": len(data),
        "record_count": records.count(b"\n"),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    manifest["files"].append({"url": f"s3://openalex/{part.relative_to(WORLD / 'openalex').as_posix()}", "meta": meta})
    for total in ("record_count", "content_length"):
        manifest[total] = sum(file["meta"][total] for file in manifest["files"])
    (works / "manifest.json").unlink()
    (works / "manifest.json").write_bytes(_json(manifest))


def crossref(planted: Path, real: Path) -> None:
    """One tar of gzip JSON Lines; the real records are one member more."""
    source = next((planted / "crossref-metadata" / RUN / "download").glob("*.tar"))
    target = WORLD / "crossref" / source.name
    target.parent.mkdir(parents=True)
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        members = old.getmembers()
        for member in members:
            new.addfile(member, old.extractfile(member))
        data = (real / "crossref-metadata.jsonl.gz").read_bytes()
        more = tarfile.TarInfo(f"{Path(members[0].name).parent}/{len(members)}.jsonl.gz")
        more.size = len(data)
        new.addfile(more, io.BytesIO(data))


def datacite(planted: Path, real: Path) -> None:
    """A folder a month with parts and the CSV that lists their DOIs; the real records are a month of their own."""
    shutil.copytree(planted / "datacite" / RUN / "download" / "dois", WORLD / "datacite" / "dois")
    folder = WORLD / "datacite" / "dois" / f"updated_{MONTH}"
    records = gzip.decompress((real / "datacite.jsonl.gz").read_bytes())
    _gzip(folder / "part_0000.jsonl.gz", records)
    rows = [(each["id"], each["attributes"]["updated"]) for each in map(json.loads, records.splitlines())]
    listing = "doi,state,client_id,updated\n" + "".join(f"{doi},findable,real,{updated}\n" for doi, updated in rows)
    _gzip(folder / f"{MONTH}.csv.gz", listing.encode())
    status = {"month": MONTH, "datetime": f"{MONTH}-28T00:00:00Z", "status": "Complete"}
    (WORLD / "datacite" / "STATUS.json").write_bytes(_json(status))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _gzip(path: Path, data: bytes) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(data, mtime=0)
    path.write_bytes(packed)
    return packed


def _zip(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
