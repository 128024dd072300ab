"""Chains and jobs as they are declared: everything typed once, all else is derived from here."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, get_type_hints

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """What a job did: records read, written, dropped by reason, quarantined, and further figures worth keeping."""

    read: int = 0
    written: int = 0
    dropped: dict[str, int] = {}
    quarantined: int = 0
    also: dict[str, int] = {}
    quarantined_by_reason: dict[str, int] = {}  # where the reasons are known

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            read=self.read + other.read,
            written=self.written + other.written,
            dropped=_sum(self.dropped, other.dropped),
            quarantined=self.quarantined + other.quarantined,
            also=_sum(self.also, other.also),
            quarantined_by_reason=_sum(self.quarantined_by_reason, other.quarantined_by_reason),
        )

    @property
    def accounted(self) -> bool:
        """Whether every record read was written, dropped for a reason, or quarantined."""
        return self.read == self.written + sum(self.dropped.values()) + self.quarantined


def _sum(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in [*a, *(name for name in b if name not in a)]}


class Shard(NamedTuple):
    """Which share of a job an execution does: its number, from 0 on, and of how many."""

    number: int
    of: int


WHOLE = Shard(0, 1)


class Partial(NamedTuple):
    """What a shard did that completes no phase, and how many parts of others are still to come; 0: it had no part."""

    counts: Counts
    waiting: int


@dataclass(frozen=True)
class Size:
    """What a Batch job asks for: vCPUs and memory in MiB; a large one goes to the large queue."""

    vcpus: int
    memory: int
    large: bool = False


SMALL = Size(vcpus=2, memory=4096)
LARGE = Size(vcpus=32, memory=250_880, large=True)


class Reads(NamedTuple):
    """The output of another chain that a job reads: the run is named by `<CHAIN>_RUN_ID`."""

    chain: str
    job: str = "transform"


@dataclass(frozen=True)
class Job:
    """One container command: a function whose parameters are the run and settings classes, and nothing else."""

    function: Callable[..., Counts | Partial]
    size: Size = SMALL
    timeout: int = 24 * 3600  # seconds an attempt may take; Batch itself has no default and would wait for ever
    attempts: int = 3  # of a lost machine or exit 75 only: see batch/submission/plan.py
    repeatable: bool = True  # if not, a job that began and broke off is started again by people only
    changes_services: bool = False  # whether it changes an index or a database: then complete output is not all
    folders: tuple[str, ...] = ()  # of the run that the job writes to, and cleans up, besides its own
    sharded: bool = False  # whether several containers may share the work: the function heeds `run.shard`
    reads: tuple[Reads, ...] = ()  # of other chains; the jobs before it in its own need no mention

    def __post_init__(self) -> None:
        """A job that is not repeatable has one attempt."""
        if not self.repeatable and self.attempts != 1:
            raise TypeError(f"{self.name} is not repeatable: declare attempts=1")

    @property
    def name(self) -> str:
        """The job's name on the command line, such as `sync-works`."""
        return self.function.__name__.replace("_", "-")

    @property
    def prefix(self) -> str:
        """What the job's name is in environment variables, such as `SYNC_WORKS`."""
        return self.function.__name__.upper()

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").split("\n")[0]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The function's parameters and their classes, in order."""
        hints = get_type_hints(self.function)
        return {name: hints[name] for name in inspect.signature(self.function).parameters}


def variable_prefix(chain: str) -> str:
    """Return what the environment variables of a chain begin with, such as `OPENALEX_WORKS`."""
    return chain.upper().replace("-", "_")


class Chain:
    """A named tuple of jobs, each depending on the one before; `after` names chains that it needs and does not read."""

    def __init__(
        self,
        name: str,
        *jobs: Job,
        after: tuple[str, ...] = (),
        generated_files: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self.name, self.jobs, self.after = name, jobs, after
        self.generated_files = generated_files  # of the checkout, written by `dmpworks docs`: path to text

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)

    def __repr__(self) -> str:
        return f"Chain({self.name}: {', '.join(self.job_names)})"

    @property
    def prefix(self) -> str:
        """What the chain's environment variables begin with, such as `OPENALEX_WORKS`."""
        return variable_prefix(self.name)

    @property
    def needs(self) -> set[str]:
        """The names of the chains that have to be done before this one begins."""
        return {reads.chain for job in self.jobs for reads in job.reads} | set(self.after)

    def job_prefix(self, job: Job) -> str:
        """Return what the environment variables of one job begin with, such as `OPENALEX_WORKS_TRANSFORM`."""
        return f"{self.prefix}_{job.prefix}"

    @property
    def job_names(self) -> list[str]:
        """The names of the jobs, in order."""
        return [job.name for job in self.jobs]

    @property
    def module(self) -> str:
        """The module that declares the chain: its first job's."""
        return self.jobs[0].function.__module__

    @property
    def description(self) -> str:
        """The declaring module's docstring, without its call to start there."""
        text = inspect.cleandoc(sys.modules[self.module].__doc__ or "").removeprefix("START HERE:").strip()
        return text[:1].upper() + text[1:]

    @property
    def summary(self) -> str:
        """The first line of the description."""
        return self.description.split("\n")[0]

    def job(self, name: str) -> Job:
        """Return the job of this name; raises KeyError."""
        return {job.name: job for job in self.jobs}[name]

    def from_job(self, name: str) -> tuple[Job, ...]:
        """Return the jobs from this one on; raises ValueError."""
        return self.jobs[self.job_names.index(name) :]
