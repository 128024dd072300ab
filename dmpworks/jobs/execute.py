"""One execution of one job, as a container does it: everything from the environment, the manifest written last."""

import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from dmpworks.errors import JobError
from dmpworks.jobs.manifest import STARTED, Manifest, fingerprint, phase_folder, write_manifest
from dmpworks.jobs.model import Chain, Counts, Job
from dmpworks.jobs.run import Run
from dmpworks.jobs.settings import Sources, build, check_unknown, resolve
from dmpworks.jobs.shared_settings import Project
from dmpworks.jobs.wiring import job_settings, prefixes, run_id_setting, variables
from dmpworks.services.storage import LOCAL, Bucket, open_bucket, remove_tree


def execute(chains: Iterable[Chain], chain: Chain, job: Job, environ: Mapping[str, str]) -> Manifest:
    """Run a job from its environment and complete its phase; raises what the job raises, and then writes nothing."""
    sources = Sources({}, environ, {}, "")
    check_unknown(variables(chains), prefixes(chains), sources)
    values = resolve(job_settings(chain, job), sources, chain.prefix)
    project = build(Project, values)
    bucket = open_bucket(project.bucket_name, project.aws_region)
    run_id = values[run_id_setting(chain).variable]
    scratch = _scratch(bucket, f"{chain.name}-{run_id}-{job.name}")
    run = Run(chain.name, job.name, run_id, project.env, bucket, scratch, project.aws_region)
    try:
        return _execute(run, job, values, _shown(chain, job, values))
    except JobError as error:
        error.what = f"{chain.name} {run_id} {job.name}: {error.what}"
        raise
    finally:
        remove_tree(scratch)


def _execute(run: Run, job: Job, values: Mapping[str, Any], shown: dict[str, Any]) -> Manifest:
    started = datetime.now(UTC)
    folder = phase_folder(run.chain, run.run_id, run.job)
    run.bucket.put(f"{folder}/{STARTED}", msgspec.json.encode({"attempt": run.token, "started": started}))
    counts = job.function(**{name: run if cls is Run else build(cls, values) for name, cls in job.parameters.items()})
    manifest = Manifest(
        chain=run.chain,
        job=run.job,
        run_id=run.run_id,
        attempt=run.token,
        version=version("dmpworks"),
        started=started,
        ended=datetime.now(UTC),
        settings=fingerprint(shown),
        inputs=run.inputs,
        counts=counts,
        files=tuple(run.outputs),
    )
    write_manifest(run.bucket, manifest)
    run.progress(f"done in {(manifest.ended - started).total_seconds():.1f} s: {told(counts)}")
    return manifest


def told(counts: Counts) -> str:
    """Return counts as one line of text."""
    parts = [f"{counts.read:,} read", f"{counts.written:,} written"]
    parts += [f"{number:,} dropped ({reason})" for reason, number in counts.dropped.items() if number]
    parts += [f"{counts.quarantined:,} quarantined"] if counts.quarantined else []
    return ", ".join(parts + [f"{name} {number:,}" for name, number in counts.also.items()])


def _shown(chain: Chain, job: Job, values: Mapping[str, Any]) -> dict[str, Any]:
    return {setting.variable: values[setting.variable] for setting in job_settings(chain, job) if not setting.secret}


def _scratch(bucket: Bucket, name: str) -> Path:
    """Return an empty folder; what a killed execution of the same job left in it goes away."""
    root = bucket.root / LOCAL / "scratch" if bucket.root else Path(tempfile.gettempdir()) / "dmpworks"
    remove_tree(root / name)
    (root / name).mkdir(parents=True)
    return root / name
