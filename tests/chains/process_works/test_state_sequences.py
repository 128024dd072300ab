"""Whatever happens to transforms and syncs, in whatever order: after a completed sync the engine holds the index."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import pyarrow as pa
import pytest

from dmpworks.chains.process_works.sync import sync
from dmpworks.chains.process_works.sync_state import (
    CHANGES,
    EXPORT,
    STATES,
    last_sync,
    synced_states,
    unsynced_changes,
)
from dmpworks.chains.process_works.transform import publish
from dmpworks.errors import JobError
from dmpworks.jobs.model import Counts
from tests.chains.process_works.rendered import Models, connect
from tests.chains.process_works.world import RUN_ID, SCHEMAS, SYNC, TRANSFORM, Engine, World

STEPS = 25
RUN_IDS = [RUN_ID, "2026-11-01", "2026-12-01"]
DOIS = [f"10.1/{number}" for number in range(6)]
NO_DATASETS = {name.replace("-", "_"): [] for name in SCHEMAS}
RELATIONS = {"intra_work_dois": [], "possible_shared_project_dois": [], "dataset_citation_dois": []}
TEXTS = ("title", "abstract_text", "work_type", "publication_date", "updated_date", "publication_venue")
LISTS = {"authors": [], "institutions": [], "funders": [], "awards": [], "relations": RELATIONS}


def row(doi: str, version: int) -> dict:
    """A work of the index, of which only DOI and hash matter here."""
    source = {"name": "DataCite", "url": "u"}
    return {"doi": doi, "hash": f"{version:032x}"} | dict.fromkeys(TEXTS) | LISTS | {"source": source}


class MortalEngine(Engine):
    """An engine that goes away after so many writes and removals."""

    breath: int | None = None

    def bulk(self, index, upserts, deletes):
        """Do as much as breath allows."""
        return super().bulk(index, self.while_alive(upserts), self.while_alive(deletes))

    def while_alive(self, items) -> Iterator:
        """Yield items until the engine goes away."""
        for item in items:
            if self.breath == 0:
                raise ConnectionError("the engine went away")
            self.breath = None if self.breath is None else self.breath - 1
            yield item


class Life:
    """A bucket, an engine and the works there are, to which things happen."""

    def __init__(self, world: World, models: Models, seed: int) -> None:
        self.world, self.models, self.random = world, models, Random(seed)
        self.engine = MortalEngine()
        self.works: dict[str, int] = {}  # what the next transform will find, by DOI
        self.indexes: dict[str, dict[str, str]] = {}  # what each run's transform found
        self.newest = RUN_ID  # the run that was transformed last
        self.completed = 0

    def change(self) -> None:
        """Works appear, change, go, and come back as they were."""
        for doi in self.random.sample(DOIS, 2):
            self.works.pop(doi, None)
            if self.random.random() < 0.7:
                self.works[doi] = self.random.randint(0, 2)

    def transform(self, run_id: str, killed: bool = False) -> None:
        """Do as sqlmesh-transform does, the datasets' models left out; the clock is not to be relied on."""
        run = self.world.run(TRANSFORM, run_id)
        states = {"states": synced_states(run), "unsynced": unsynced_changes(run)}
        rows = [row(doi, version) for doi, version in self.works.items()]
        clock = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=self.random.randint(0, 99))
        with connect(run.scratch, NO_DATASETS | states) as connection:
            connection.register("rows", pa.Table.from_pylist([*rows, row("", 0)]))
            connection.execute("CREATE SCHEMA works; CREATE TABLE works.index AS FROM rows WHERE doi <> ''")
            connection.execute("CREATE TABLE works.hashes AS SELECT doi, hash FROM works.index")
            models = ["states.last", "states.changes", "states.kept", "states.live", "works.export"]
            self.models.make(connection, models, run_time=clock.isoformat(), export_all=False, max_doi_states=3)
            publish(run, connection, "works", EXPORT, "FROM works.export")
            publish(run, connection, CHANGES, STATES, "FROM states.changes")
            publish(run, connection, "kept", STATES, "FROM states.kept")
            live, indexed = connection.execute("FROM states.live").fetchone()
            counts = dict(connection.execute("SELECT state, COUNT(*) FROM states.changes GROUP BY state").fetchall())
        assert live == indexed == len(rows)
        if not killed:
            self.world.complete(run, Counts(read=live, written=counts.get("UPSERT", 0)))
            self.newest = run_id
            self.indexes[run_id] = {work["doi"]: work["hash"] for work in rows}

    def broken_sync(self, run_id: str) -> None:
        """Sync, and break off on the way, or have documents refused, or be killed before the manifest is written."""
        self.engine.breath = self.random.choice([0, 1, 2, 3, None])
        self.engine.refuses = self.random.choice([(), tuple(self.random.sample(DOIS, 2))])
        run = self.world.run(SYNC, run_id)
        with suppress(JobError, ConnectionError):
            sync(run, self.engine, "works", max_removed_share=1)
        self.engine.breath, self.engine.refuses = None, ()

    def sync(self, run_id: str) -> bool:
        """Sync and check; a sync that is refused has changed nothing."""
        before = dict(self.engine.documents)
        try:
            manifest = self.world.sync_with(self.engine, run_id)
        except JobError:
            assert self.engine.documents == before
            return False
        held = {doi: document.source.hash for doi, document in self.engine.documents.items()}
        assert held == self.indexes[run_id]
        self.check_states(self.world.rows(manifest, "states"), run_id)
        self.completed += 1
        return True

    def check_states(self, states: list[dict], run_id: str) -> None:
        """At most three states a DOI, no two at a time, and the newest are the index."""
        assert max(Counter(state["doi"] for state in states).values(), default=0) <= 3
        assert len({(state["doi"], state["updated_date"]) for state in states}) == len(states)
        newest = {state["doi"]: state for state in sorted(states, key=lambda state: state["updated_date"])}
        live = {doi: state["hash"] for doi, state in newest.items() if state["state"] == "UPSERT"}
        assert live == self.indexes[run_id]

    def step(self) -> None:
        """Let the works change, mostly, and one thing happen to one run, the newest more often than others."""
        run_id = self.random.choice([*RUN_IDS, self.newest, self.newest])
        if self.random.random() < 0.6:
            self.change()
        match self.random.choice(["transform", "transform", "killed", "broken sync", "sync"]):
            case "transform":
                self.transform(run_id)
            case "killed":
                self.transform(run_id, killed=True)
            case "broken sync":
                self.broken_sync(run_id)
            case "sync":
                self.sync(run_id)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Models:
    return Models(tmp_path_factory.mktemp("sqlmesh"))


@pytest.mark.parametrize("seed", range(4))
def test_after_every_completed_sync_the_engine_holds_the_index(world, models, seed):
    life = Life(world, models, seed)
    for _ in range(STEPS):
        life.step()
    life.change()
    life.transform(RUN_ID)
    assert life.sync(RUN_ID)  # whatever has happened, a fresh run gets through
    assert last_sync(world.bucket)[0].run_id == RUN_ID
    assert life.completed > 1
