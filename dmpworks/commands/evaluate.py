"""`dmpworks evaluate`: how good the matches of a run are, measured against pairs that people have judged."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dmpworks.catalog import PROCESS_DMPS
from dmpworks.commands.shared.options import bucket_option, setting_sources
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.jobs.wiring import run_id_setting
from dmpworks.settings.declare import declared
from dmpworks.settings.resolve import resolve
from dmpworks.settings.shared import Project

RUN_ID = run_id_setting(PROCESS_DMPS)


def evaluate(
    *,
    truth: Path,
    known: Path | None = None,
    bucket_name: Annotated[str | None, Parameter(help="Bucket of the run. [env: BUCKET_NAME] [required]")] = None,
    run_id: Annotated[
        str | None, Parameter(help=f"Run of {PROCESS_DMPS.name}. [env: {RUN_ID.variable}] [required]")
    ] = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Measure a run's matches against judged pairs: MAP, NDCG, precision and recall at 5, 10, 20 and 100.

    Parameters
    ----------
    truth
        CSV of judged pairs, dmpDoi,workDoi,status (ACCEPTED or REJECTED).
    known
        JSON of outputs that were accepted before, {plan DOI: [work DOIs]}; they are left out of the scores.
    """
    # the one command that reads the output of a certain chain, in that chain's own format
    from dmpworks.chains.process_dmps.evaluate import evaluate_run
    from dmpworks.services.storage import open_bucket

    options = bucket_option(bucket_name) | ({RUN_ID.variable: run_id} if run_id else {})
    values = resolve([*declared(Project), RUN_ID], setting_sources(options, env_file), PROCESS_DMPS.prefix)
    bucket = open_bucket(values.project.bucket_name, values.project.aws_region)
    evaluate_run(bucket, values[RUN_ID], truth, known, as_json=as_json)
