"""A small world of Parquet inputs in the datasets' own schemas, and the two jobs of process-works on it."""

import shutil
from datetime import UTC, datetime
from importlib import import_module

import pyarrow as pa
import pyarrow.parquet as pq

from dmpworks.chains.process_works.jobs import CHAIN, DATASETS
from dmpworks.chains.process_works.sync import sync
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, Manifest, fingerprint, write_manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Run
from dmpworks.services.search import BulkReport

SCHEMAS = {name: import_module(f"dmpworks.chains.{name.replace('-', '_')}.schema").SCHEMA for name, _ in DATASETS}
RUN_ID = "2026-10-01"
TRANSFORM, SYNC = "sqlmesh-transform", "sync-works"


def day(number: int) -> datetime:
    """The `number`th day of January 2026."""
    return datetime(2026, 1, number, tzinfo=UTC)


def openalex(doi: str, id: str = "w1", **more) -> dict:
    """A row of openalex-works."""
    return {"doi": doi, "openalex_id": id, "title": f"Title of {doi}", "work_type": "article", "is_xpac": False} | more


def datacite(doi: str, **more) -> dict:
    """A row of datacite."""
    return {"doi": doi, "title": f"Title of {doi}", "work_type": "Dataset"} | more


def crossref(doi: str, **more) -> dict:
    """A row of crossref-metadata."""
    return {"doi": doi} | more


def author(full: str, orcid: str | None = None) -> dict:
    """An author of a row."""
    return {"full": full, "orcid": orcid}


def party(name: str | None, id_type: str | None = None, id: str | None = None) -> dict:
    """An institution or funder of a row."""
    return {"name": name, "id_type": id_type, "id": id}


def award(award_id: str, funder_name: str | None = None, id_type: str | None = None, id: str | None = None) -> dict:
    """An award of a row."""
    return {"award_id": award_id, "funder_name": funder_name, "funder_id_type": id_type, "funder_id": id}


def relation(relation_type: str, doi: str) -> dict:
    """A relation of a row."""
    return {"relation_type": relation_type, "doi": doi}


class World:
    """A bucket with the five datasets of one run id, each of which can be replaced."""

    def __init__(self, bucket, empty: bool = True) -> None:
        self.bucket = bucket
        self.run_ids = dict.fromkeys(SCHEMAS, RUN_ID)  # of the datasets
        for dataset in SCHEMAS if empty else ():
            self.write(dataset, [])

    def write(self, dataset: str, *files: list[dict]) -> None:
        """Replace a dataset's Parquet files, one a list of rows; missing columns are null, missing lists empty."""
        folder = self.bucket.root / dataset / self.run_ids[dataset] / "transform"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        schema = SCHEMAS[dataset]
        lists = {field.name: [] for field in schema if pa.types.is_list(field.type)}
        for number, rows in enumerate(files):
            pq.write_table(
                pa.Table.from_pylist([lists | row for row in rows], schema), folder / f"part_{number}.parquet"
            )

    def next_run(self, dataset: str, run_id: str, *files: list[dict]) -> None:
        """Write another run of a dataset, complete, beside the earlier one; from now on it is the one that is read."""
        self.run_ids[dataset] = run_id
        self.write(dataset, *files)
        self.complete_datasets(dataset)

    def complete_datasets(self, *names: str) -> None:
        """Give datasets, or all, a manifest as their own transforms would: without one they count as uploaded."""
        for dataset in names or SCHEMAS:
            folder = f"{dataset}/{self.run_ids[dataset]}/transform"
            files = [
                File(item.key, item.size, pq.read_metadata(self.bucket.root / item.key).num_rows)
                for item in self.bucket.list(folder)
                if item.key.endswith(".parquet")
            ]
            run = Run(dataset, "transform", self.run_ids[dataset], "dev", self.bucket, self.bucket.root, outputs=files)
            self.complete(run, Counts())

    def environ(self, run_id: str = RUN_ID, **settings) -> dict[str, str]:
        """The environment of a job; `settings` by the field names of SqlmeshTransform."""
        inputs = {f"{dataset.upper().replace('-', '_')}_RUN_ID": run_id for dataset, run_id in self.run_ids.items()}
        audits = {f"min_rows_{dataset.replace('-', '_')}": 0 for dataset in SCHEMAS} | settings
        own = {f"PROCESS_WORKS_SQLMESH_TRANSFORM_{name.upper()}": str(value) for name, value in audits.items()}
        return {"BUCKET_NAME": str(self.bucket.root), "ENV": "dev", "PROCESS_WORKS_RUN_ID": run_id} | inputs | own

    def transform(self, run_id: str = RUN_ID, **settings) -> Manifest:
        """Run sqlmesh-transform as a container would."""
        return execute([CHAIN], CHAIN, CHAIN.job(TRANSFORM), self.environ(run_id, **settings))

    def sync(self, run_id: str = RUN_ID) -> Manifest:
        """Run sync-works as a container would, with the embedded engine."""
        return execute([CHAIN], CHAIN, CHAIN.job(SYNC), self.environ(run_id))

    def sync_with(self, engine, run_id: str = RUN_ID, max_removed_share: float = 1) -> Manifest:
        """Run sync-works with another engine, and complete its phase only if it succeeds."""
        run = self.run(SYNC, run_id)
        return self.complete(run, sync(run, engine, "works", max_removed_share))

    def run(self, job: str, run_id: str) -> Run:
        """The run that a job of the chain takes."""
        scratch = self.bucket.root / "local" / "scratch-of-a-test"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        return Run(CHAIN.name, job, run_id, "dev", self.bucket, scratch)

    def complete(self, run: Run, counts: Counts) -> Manifest:
        """Write the manifest of a phase."""
        manifest = Manifest(
            chain=run.chain,
            job=run.job,
            run_id=run.run_id,
            attempt=run.token,
            version="0",
            started=datetime.now(UTC),
            ended=datetime.now(UTC),
            settings=fingerprint({}),
            inputs=run.inputs,
            counts=counts,
            files=tuple(run.outputs),
        )
        write_manifest(self.bucket, manifest)
        return manifest

    def rows(self, manifest: Manifest, folder: str) -> list[dict]:
        """The rows of a folder that a manifest lists."""
        files = [file for file in manifest.files if f"/{folder}/" in file.key]
        rows = [row for file in files for row in pq.read_table(self.bucket.root / file.key).to_pylist()]
        assert sum(file.rows for file in files) == len(rows)
        return rows

    def works(self, manifest: Manifest) -> dict[str, dict]:
        """The exported works by DOI."""
        return {row["doi"]: row for row in self.rows(manifest, "export")}

    def changes(self, manifest: Manifest) -> dict[str, str]:
        """This run's states by DOI."""
        files = [file for file in manifest.files if "/states/changes-" in file.key]
        rows = [row for file in files for row in pq.read_table(self.bucket.root / file.key).to_pylist()]
        return {row["doi"]: row["state"] for row in rows}

    def manifest_exists(self, job: str, run_id: str = RUN_ID) -> bool:
        """Whether a job of the chain is complete."""
        return self.bucket.exists(f"process-works/{run_id}/{job}/{MANIFEST}")


class Engine:
    """A search engine in memory with the real one's interface, as far as syncing goes; fails on request."""

    def __init__(self) -> None:
        self.documents: dict[str, object] = {}
        self.refuses: tuple[str, ...] = ()
        self.breaks_before_deleting = False

    def create(self, index: str) -> None:
        """There is one index, always."""

    def bulk(self, index, upserts, deletes) -> BulkReport:
        """Write, then remove, one document after the other."""
        report = BulkReport()
        for document in upserts:
            if document.id in self.refuses:
                report.refuse(document.id, "mapper_parsing_exception")
                continue
            self.documents[document.id] = document
            report.upserted += 1
        if self.breaks_before_deleting:
            raise ConnectionError("the engine went away")
        for doi in deletes:
            report.deleted += self.documents.pop(doi, None) is not None
        return report

    def refresh(self, index: str) -> None:
        """Everything is visible at once."""

    def count(self, index: str) -> int:
        """Return the number of documents."""
        return len(self.documents)
