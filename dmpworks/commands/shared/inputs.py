"""What the first job of a submission reads: whether it is there, whole, and of these settings."""

from collections.abc import Collection, Mapping
from typing import Any

from dmpworks.batch.preflight.checks import Check, bad, doubtful, good, softened
from dmpworks.catalog import CHAINS
from dmpworks.jobs.manifest import phase_folder
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import find_phase
from dmpworks.jobs.wiring import own_settings, run_id_setting
from dmpworks.runs.completeness import Complete, Missing, Stale, check
from dmpworks.services.storage import Bucket

# process-dmps searches the index that process-works fills, and reads no phase of it.
SEARCHES = {"process-dmps": "process-works"}


def chains_before(chain: Chain) -> list[Chain]:
    """Return the chains that have to be done before a chain begins, in the catalog's order."""
    read = {setting.variable for job in chain for setting in own_settings(chain, job)}
    return [
        each
        for each in CHAINS
        if each is not chain and (run_id_setting(each).variable in read or each.name == SEARCHES.get(chain.name))
    ]


def of_inputs(
    bucket: Bucket, chain: Chain, job: Job, values: Mapping[str, Any], coming: Collection[str] = ()
) -> list[Check]:
    """Check what a job reads: the jobs before it in its chain, the other chains that its settings name, the plans.

    The chains in `coming` are submitted with it: what they make need not be there yet.
    """
    read = {setting.variable for setting in own_settings(chain, job)}
    checks = _of_jobs_before(bucket, chain, job, values)
    for other in CHAINS:
        variable = run_id_setting(other).variable
        if other is not chain and variable in read and other.name not in coming:
            # settings of another chain are not ours to compare: hence no values
            verdict = check(bucket, other, other.jobs[-1], values[variable], {})
            checks.append(_told(other, other.jobs[-1], values[variable], verdict))
    if "DMPS_RUN_ID" in read and values.get("PROCESS_DMPS_PLANS_FROM") != "database":
        checks.append(_of_plans(bucket, values["DMPS_RUN_ID"]))
    return checks


def _of_jobs_before(bucket: Bucket, chain: Chain, job: Job, values: Mapping[str, Any]) -> list[Check]:
    """Check the jobs before one; only that right before it has to be there, for no other need be read."""
    run_id = values[run_id_setting(chain).variable]
    before = chain.jobs[: chain.jobs.index(job)]
    checks = [_told(chain, each, run_id, check(bucket, chain, each, run_id, values)) for each in before]
    return [*(softened(each) for each in checks[:-1]), *checks[-1:]]


def _told(chain: Chain, job: Job, run_id: str, verdict: Complete | Missing | Stale) -> Check:
    name = f"input {phase_folder(chain.name, run_id, job.name)}"
    again = f"dmpworks batch-submit {chain.name} --run-id {run_id} --start-job {job.name}"
    if isinstance(verdict, Missing):
        return bad(name, f"it {verdict.why} ({verdict.on})", again)
    if isinstance(verdict, Stale):
        return doubtful(name, verdict.why, f"{again}, if that matters")
    return good(name, f"it {verdict.why}")


def _of_plans(bucket: Bucket, run_id: str) -> Check:
    folder = phase_folder("dmps", run_id, "download")
    if found := find_phase(bucket, folder):
        return good(f"input {folder}", f"{len(found.files)} files")
    return bad(f"input {folder}", "no plans were uploaded", "upload the export there, or set DMPS_RUN_ID")
