"""`dmpworks run CHAIN`: the jobs of a chain on this machine."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from dmpworks.commands.places import values_of
from dmpworks.jobs.commands import again
from dmpworks.jobs.local import check_start, run_chain
from dmpworks.jobs.model import Chain
from dmpworks.jobs.settings import environment
from dmpworks.services.storage import open_bucket


def run_here(chain: Chain, options: Mapping[str, Any], *, env_file: Path | None, as_json: bool) -> None:
    """Run the jobs of a chain on this machine, in order."""
    values, start = values_of(chain, options, env_file, submitting=False)
    bucket = open_bucket(values["BUCKET_NAME"], values["AWS_REGION"])
    check_start(chain, start, values[f"{chain.prefix}_RUN_ID"], bucket)
    resume = partial(again, "run", chain, options, env_file)
    manifests = run_chain(chain, chain.from_job(start), values, environment(), bucket, resume)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(manifests), indent=2).decode())
