"""Which settings a chain and its jobs have: read off the job functions' parameters, typed nowhere else."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from dmpworks.errors import SettingsError
from dmpworks.jobs.model import WHOLE, Chain, Job, Reads, Shard, variable_prefix
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import RUN_ID, Setting, declared
from dmpworks.settings.resolve import Resolved
from dmpworks.settings.shared import Project, Submission

AUTO = "auto"  # as start job: the first whose output is missing or stale
ARRAY_INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"  # which child of an array job a container is, set by AWS Batch
TERMINAL = "DMPWORKS_TERMINAL"  # a descriptor of the terminal that somebody watches a job on, set by a local run
MOST_SHARDS = 10_000  # children that AWS Batch allows an array job


def run_id_setting(chain: Chain) -> Setting:
    """Return the setting that names the run: `<CHAIN>_RUN_ID`, `--run-id`."""
    return Setting(chain.prefix, "run_id", str, "The run: a release date, YYYY-MM-DD.", format=RUN_ID)


def read_setting(reads: Reads) -> Setting:
    """Return the setting that names the run of another chain that is read: `<CHAIN>_RUN_ID`, `--<chain>-run-id`."""
    text = f"Run of the chain {reads.chain} to read (YYYY-MM-DD)."
    return Setting("", f"{variable_prefix(reads.chain)}_run_id".lower(), str, text, format=RUN_ID)


def start_job_setting(chain: Chain) -> Setting:
    """Return the setting that names the first job to run: `<CHAIN>_START_JOB`, `--start-job`."""
    names = chain.job_names
    text = f"The first job to run; {AUTO}: the first whose output is missing or stale."
    return Setting(chain.prefix, "start_job", Literal[(*names, AUTO)], text, names[0])


def size_settings(chain: Chain, jobs: Iterable[Job] | None = None) -> list[Setting]:
    """Return the settings of the submitting side that size the Batch jobs of a chain: `<CHAIN>_<JOB>_VCPUS` ..."""
    return [setting for job in (chain if jobs is None else jobs) for setting in _sizes(chain, job)]


def sized(chain: Chain, job: Job, values: Resolved) -> Job:
    """Return a job with the size and time-out that the settings give it."""
    vcpus, memory, timeout = (values[setting] for setting in _sizes(chain, job))
    return replace(job, size=replace(job.size, vcpus=vcpus, memory=memory), timeout=timeout)


def _sizes(chain: Chain, job: Job) -> list[Setting]:
    prefix = chain.job_prefix(job)
    return [
        Setting(prefix, "vcpus", int, "vCPUs of the Batch job.", job.size.vcpus),
        Setting(prefix, "memory", int, "Memory of the Batch job, MiB.", job.size.memory),
        Setting(prefix, "timeout", int, "Seconds an attempt of the Batch job may take.", job.timeout),
    ]


def shards_setting(chain: Chain, job: Job) -> Setting:
    """Return the setting that says how many containers share a job: `<CHAIN>_<JOB>_SHARDS`, `--<job>.shards`."""
    text = "Shards that the files are split into by size: one container each, here one after the other."
    return Setting(chain.job_prefix(job), "shards", int, text, 1, affects_output=False, limits=(1, MOST_SHARDS))


def shards(chain: Chain, job: Job, values: Resolved) -> int:
    """Return how many containers share a job."""
    return int(values[shards_setting(chain, job)]) if job.sharded else 1


def asked_shards(chain: Chain, job: Job, values: Resolved) -> int | None:
    """Return how many shards are asked for; None for a job that is done whole."""
    number = shards(chain, job, values)
    return number if number > 1 else None


def shard(chain: Chain, job: Job, values: Resolved, environ: Mapping[str, str]) -> Shard:
    """Return which share of a job this container does; raises SettingsError when AWS Batch has not said so."""
    number, of = environ.get(ARRAY_INDEX, ""), shards(chain, job, values)
    if of == 1:
        return WHOLE
    if not number.isdecimal() or int(number) >= of:
        raise SettingsError(
            f"{ARRAY_INDEX} cannot be {number!r} where {shards_setting(chain, job).variable} is {of}",
            on="the environment: AWS Batch sets it in each child of an array job",
            next=f"set it to a number from 0 to {of - 1}, or: dmpworks run {chain.name} --start-job {job.name}",
        )
    return Shard(int(number), of)


def classes(job: Job) -> list[type[Any]]:
    """Return the settings classes that a job's function takes."""
    return [cls for cls in job.parameters.values() if cls is not Run]


def own_settings(chain: Chain, job: Job) -> list[Setting]:
    """Return the runs that a job reads, the settings of the classes that its function takes, its number of shards."""
    taken = [setting for cls in classes(job) for setting in declared(cls)]
    taken = [*map(read_setting, job.reads), *taken]
    return [*taken, shards_setting(chain, job)] if job.sharded else taken


def job_settings(chain: Chain, job: Job) -> list[Setting]:
    """Return what a job's container is given: the project's settings, the run id and the job's own."""
    return _distinct([*declared(Project), run_id_setting(chain), *own_settings(chain, job)])


def chain_settings(chain: Chain, jobs: Iterable[Job] | None = None) -> list[Setting]:
    """Return the settings of some jobs of a chain (all, if not said), each once."""
    return _distinct([setting for job in (chain if jobs is None else jobs) for setting in job_settings(chain, job)])


def submit_settings(chain: Chain) -> list[Setting]:
    """Return all that a submitter of a chain may set."""
    own = [*chain_settings(chain), start_job_setting(chain), *size_settings(chain)]
    return _distinct([*own, *declared(Submission)])


def output_values(chain: Chain, job: Job, values: Resolved) -> dict[str, Any]:
    """Return the values that shape what a job writes, by variable: what its manifest's fingerprint is made of.

    Raises KeyError when one of them is not among the values.
    """
    shaping = [setting for setting in job_settings(chain, job) if setting.affects_output and not setting.secret]
    return {setting.variable: values[setting] for setting in shaping}


def variables(chains: Iterable[Chain]) -> set[str]:
    """Return every environment variable of every chain."""
    return {setting.variable for chain in chains for setting in submit_settings(chain)}


def prefixes(chains: Iterable[Chain]) -> list[str]:
    """Return what our variables begin with: a name of that kind which we do not know is a mistake."""
    chains = list(chains)
    owners: set[Any] = {Submission, *(cls for chain in chains for job in chain for cls in classes(job))}
    return [*(f"{chain.prefix}_" for chain in chains), *sorted(name for cls in owners for name in cls.__owns__)]


def _distinct(settings: Iterable[Setting]) -> list[Setting]:
    return list({setting.variable: setting for setting in settings}.values())
