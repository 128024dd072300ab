"""What a job may cost: always an estimate, from a small dated table of prices and the time that the job took before."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from statistics import median

import msgspec
from msgspec.structs import replace

from dmpworks.formatting import HOUR, money
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.state import RunState
from dmpworks.settings.shared import Submission


class Prices(msgspec.Struct, frozen=True):
    """Dollars an hour for one vCPU and one GiB of memory, as of a day."""

    on: str
    source: str
    vcpu_hour: float
    gib_hour: float


class Estimate(msgspec.Struct, frozen=True):
    """What one job may cost: dollars an hour, and for an attempt as long as earlier ones, or as the time-out allows."""

    hourly: float
    ceiling: float
    seconds: float | None = None  # median of earlier attempts that succeeded
    usual: float | None = None

    def __str__(self) -> str:
        if self.usual is None:
            return f"at most {money(self.ceiling)}"
        return f"about {money(self.usual)}".replace("about <", "<")


@cache
def price_table() -> Prices:
    """Return the prices that come with the package."""
    return msgspec.json.decode(files(__package__).joinpath("prices.json").read_bytes(), type=Prices)


def prices(submission: Submission) -> Prices:
    """Return the prices that hold: the package's, or what BATCH_PRICE_VCPU_HOUR and BATCH_PRICE_GIB_HOUR say."""
    own = {"vcpu_hour": submission.batch_price_vcpu_hour, "gib_hour": submission.batch_price_gib_hour}
    given = {name: value for name, value in own.items() if value is not None}
    return replace(price_table(), **given, source="BATCH_PRICE_* settings") if given else price_table()


def hourly(asked: JobRequest, price: Prices) -> float:
    """Return dollars an hour for a machine of this size."""
    return (asked.vcpus or 0) * price.vcpu_hour + (asked.memory or 0) / 1024 * price.gib_hour


def estimate(asked: JobRequest, price: Prices, seconds: float | None) -> Estimate:
    """Return what a job may cost, all its machines together; `seconds`: how long one usually takes, if known."""
    rate = hourly(asked, price) * (asked.shards or 1)
    usual = None if seconds is None else rate * seconds / HOUR
    return Estimate(rate, rate * (asked.timeout or 0) / HOUR, seconds, usual)


def usual_seconds(states: Iterable[RunState], job: str) -> float | None:
    """Return the median duration of a job's earlier attempts that succeeded; None when there is none."""
    jobs = [state.jobs[job] for state in states if job in state.jobs]
    taken = [
        one.seconds for each in jobs for one in each.attempts if one.outcome == "succeeded" and one.seconds is not None
    ]
    return median(taken) if taken else None
