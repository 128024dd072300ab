"""`dmpworks run CHAIN`: the jobs of a chain on this machine."""

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from dmpworks.commands.shared.options import resolve_chain
from dmpworks.commands.shared.submission import read_upstream, recorded_reads
from dmpworks.jobs.commands import retry_command
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import run_id_setting
from dmpworks.runs.completeness import check_start
from dmpworks.runs.local.runner import run_chain
from dmpworks.services.storage import open_bucket
from dmpworks.settings.resolve import environment


def run_here(chain: Chain, options: Mapping[str, Any], *, env_file: Path | None, as_json: bool, force: bool) -> None:
    """Run the jobs of a chain on this machine, in order."""
    values, start = resolve_chain(chain, options, env_file, submitting=False)
    bucket = open_bucket(values.project.bucket_name, values.project.aws_region)
    if start.job is None:
        print(f"{chain.name}: every job is complete and current, nothing was run", file=sys.stderr)
    else:
        check_start(chain, start.job, values[run_id_setting(chain)], bucket)
    reads = read_upstream(bucket, chain, values, start, recorded_reads(bucket, chain, values, start), force=force)
    resume = partial(retry_command, "run", chain, options, env_file)
    manifests = run_chain(chain, start, values, environment(), bucket, resume, reads)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(manifests), indent=2).decode())
