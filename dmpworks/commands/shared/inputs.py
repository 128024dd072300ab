"""What the first job of a submission reads: whether it is there, whole, and of these settings."""

from collections.abc import Collection

from msgspec.structs import replace

from dmpworks.batch.preflight.checks import Check, as_warning, bad, good, warning
from dmpworks.catalog import CHAINS, chain_named
from dmpworks.jobs.manifest import phase_folder
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import UPLOAD_PHASE, find_phase
from dmpworks.jobs.wiring import own_settings, read_setting, run_id_setting
from dmpworks.runs.completeness import Complete, Missing, Stale, check
from dmpworks.runs.upstream import Expected, upstream_problems
from dmpworks.services.storage import Bucket
from dmpworks.settings.declare import Upload
from dmpworks.settings.resolve import Resolved


def chains_before(chain: Chain) -> list[Chain]:
    """Return the chains that have to be done before a chain begins, in the catalog's order."""
    return [other for other in CHAINS if other.name in chain.needs]


def check_inputs(bucket: Bucket, chain: Chain, job: Job, values: Resolved, coming: Collection[str] = ()) -> list[Check]:
    """Check what a job reads: the jobs before it in its chain, the other chains that its settings name, the plans.

    The chains in `coming` are submitted with it: what they make need not be there yet.
    """
    checks = _check_jobs_before(bucket, chain, job, values)
    for reads in job.reads:
        if reads.chain not in coming:
            other, run_id = chain_named(reads.chain), values[read_setting(reads)]
            # settings of another chain are not ours to compare: hence no values
            verdict = check(bucket, other, other.job(reads.job), run_id, Resolved())
            checks.append(_input_check(other, other.job(reads.job), run_id, verdict))
    for setting in own_settings(chain, job):
        if setting.upload and setting.upload.read_by(values):
            checks.append(_check_upload(bucket, setting.upload, values[setting], setting.variable))
    return checks


def check_upstream(bucket: Bucket, chain: Chain, runs: Expected, recorded: Expected, *, force: bool) -> list[Check]:
    """Check that the upstream runs are complete, and those that the recorded submission expected.

    With `force` a problem is a warning: the results then mix what the upstream run left with older data.
    """
    means = "--force reads what it left all the same: results then mix older and newer data"
    checks = [
        bad(f"upstream run {problem.run}", problem.why, f"{problem.next}; {means}")
        for problem in upstream_problems(bucket, chain, runs, recorded)
    ]
    return [replace(as_warning(each), said=f"{each.said}; {means}") for each in checks] if force else checks


def _check_jobs_before(bucket: Bucket, chain: Chain, job: Job, values: Resolved) -> list[Check]:
    """Check the jobs before one; only that right before it has to be there, for no other need be read."""
    run_id = values[run_id_setting(chain)]
    before = chain.jobs[: chain.jobs.index(job)]
    checks = [_input_check(chain, each, run_id, check(bucket, chain, each, run_id, values)) for each in before]
    return [*(as_warning(each) for each in checks[:-1]), *checks[-1:]]


def _input_check(chain: Chain, job: Job, run_id: str, verdict: Complete | Missing | Stale) -> Check:
    name = f"input {phase_folder(chain.name, run_id, job.name)}"
    again = f"dmpworks batch-submit {chain.name} --run-id {run_id} --start-job {job.name}"
    if isinstance(verdict, Missing):
        return bad(name, f"it {verdict.why} ({verdict.on})", again)
    if isinstance(verdict, Stale):
        return warning(name, verdict.why, f"{again}, if that matters")
    return good(name, f"it {verdict.why}")


def _check_upload(bucket: Bucket, upload: Upload, run_id: str, variable: str) -> Check:
    folder = phase_folder(upload.dataset, run_id, UPLOAD_PHASE)
    if found := find_phase(bucket, folder):
        return good(f"input {folder}", f"{len(found.files)} files")
    return bad(f"input {folder}", f"no {upload.what} were uploaded", f"upload the export there, or set {variable}")
