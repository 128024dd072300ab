"""What a whole month leaves behind is complete and current: `--start-job auto` has nothing left to do in any chain."""

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.jobs.wiring import chain_settings
from dmpworks.runs.completeness import Complete, Stale, check, first_job
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.settings.resolve import Sources, resolve
from tests.end_to_end.world import RUN_ID, settings


def values(bucket, chain, **more):
    unused = {f"{name}_DOWNLOAD_URL": "./" for name in ("ROR", "DATA_CITATION_CORPUS")}  # the downloads were uploaded
    return resolve(chain_settings(chain), Sources({}, settings(bucket.name, **unused, **more), {}, ""), chain.prefix)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_nothing_is_left_to_do(embedded_world, chain):
    start = first_job(embedded_world, chain, values(embedded_world, chain))
    assert (start.job, list(start.why)) == (None, chain.job_names), start.why


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_the_ledger_tells_the_same_as_the_manifests(embedded_world, chain):
    state = Ledger(embedded_world, RunName(chain.name, RUN_ID)).state()
    assert state.status == "succeeded"
    for job in state.current:
        verdict = check(embedded_world, chain, chain.job(job.name), RUN_ID, values(embedded_world, chain))
        assert isinstance(verdict, Complete)
        assert (job.last.token, job.last.ended.counts) == (verdict.manifest.attempt, verdict.manifest.counts)


def test_another_run_of_an_input_makes_the_index_stale(embedded_world):
    (chain,) = [chain for chain in CHAINS if chain.name == "process-works"]
    other = values(embedded_world, chain, ROR_RUN_ID="2026-09-01")
    assert check(embedded_world, chain, chain.jobs[0], RUN_ID, other) == Stale("had other settings")
