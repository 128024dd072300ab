"""How good the matches of the planted world are, and that a second run merges nothing anew."""

import json
import shutil
import sqlite3

from dmpworks.services.storage import open_bucket
from tests.conftest import DATA
from tests.end_to_end.world import dmpworks, manifest, run_chains, settings

PLANTED = DATA / "planted"
KNOWN = PLANTED / "dmps/2026-10-01/download/known-outputs.json"


def links(bucket) -> list[tuple]:
    with sqlite3.connect(bucket.root / "local" / "dmp-tool.sqlite") as database:
        return sorted(database.execute("select * from relatedWorks"))


def test_map_at_10_reaches_the_mark(embedded_world, tmp_path):
    options = ["--truth", str(PLANTED / "truth.csv"), "--known", str(KNOWN)]
    answer = dmpworks("evaluate", *options, "--json", environ=settings(embedded_world.name), cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    scores = json.loads(answer.stdout)["at"]
    assert scores["10"]["map"] >= 0.68
    assert scores["100"]["recall"] >= 0.85
    table = dmpworks("evaluate", *options, environ=settings(embedded_world.name), cwd=tmp_path).stdout
    for name in ("MAP@k", "NDCG@k", "precision@k", "recall@k"):
        assert name in table


def test_every_plan_has_a_line_and_no_result_that_was_decided(embedded_world):
    from dmpworks.chains.process_dmps.match_files import read_matches
    from dmpworks.jobs.run import Phase

    files = manifest(embedded_world, "process-dmps", "dmp-works-search").files
    plans = list(read_matches(Phase("", files, None, embedded_world, embedded_world.root)))
    known = json.loads(KNOWN.read_text())
    assert len(plans) == len({plan.dmp_doi for plan in plans}) == 40
    for plan in plans:
        assert not set(known.get(plan.dmp_doi, [])) & {match.work.doi for match in plan.works}
        assert plan.dmp_doi not in {match.work.doi for match in plan.works}
        assert all(match.score_max == plan.works[0].score for match in plan.works)


def test_a_second_run_merges_nothing_anew(embedded_world, tmp_path):
    shutil.copytree(embedded_world.root, tmp_path / "again")
    bucket = open_bucket(str(tmp_path / "again"))
    before = links(bucket)
    run_chains(settings(bucket.name), tmp_path, ("process-works", "process-dmps"))
    assert manifest(bucket, "process-works", "sqlmesh-transform").counts.written == 0
    assert links(bucket) == before


def test_subsets_limit_works_and_plans(embedded_world, tmp_path):
    shutil.copytree(embedded_world.root, tmp_path / "subset")
    bucket = open_bucket(str(tmp_path / "subset"))
    names = ("OPENALEX_WORKS", "CROSSREF_METADATA", "DATACITE", "PROCESS_DMPS")
    environ = settings(bucket.name, **{f"{name}_USE_SUBSET": "true" for name in names})
    run_chains(environ, tmp_path, ("openalex-works", "crossref-metadata", "datacite", "process-dmps"))
    meta = {path.stem: json.loads(path.read_text()) for path in (PLANTED / "meta").glob("*.json")}
    for chain in ("openalex-works", "crossref-metadata", "datacite"):
        counts = manifest(bucket, chain, "transform").counts
        assert counts.dropped["not in subset"] > counts.written > 0
    plans = manifest(bucket, "process-dmps", "sync-dmps").counts
    assert len(meta["dmp_dois"]) <= plans.written < 40
