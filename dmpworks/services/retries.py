"""Repeated attempts at what may succeed a little later; a line on standard error says so before each wait."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from dmpworks.errors import DmpworksError

Describe = Callable[[Exception], str]

_describe: ContextVar[Describe | None] = ContextVar("describe", default=None)


def attempts(
    describe: Describe,
    on: Any,
    *,
    attempts: int,
    first_wait: float,
    longest_wait: float,
    timeout: float | None = None,
    jitter: float = 1.0,
) -> Iterator[stamina.Attempt]:
    """Yield attempts to be used as contexts, with exponential back-off in between; all times are in seconds.

    `on` is what stamina takes: exception types, or a function that says whether (or after how many seconds) to try
    again. `describe` returns what failed, such as "OpenSearch does not answer".
    """
    context = stamina.retry_context(
        on, attempts=attempts, timeout=timeout, wait_initial=first_wait, wait_max=longest_wait, wait_jitter=jitter
    )
    iterator = iter(context)
    with suppress(StopIteration):
        while True:
            _describe.set(describe)  # each time: what happens within an attempt may be repeated by itself
            yield next(iterator)


def summary(error: Exception) -> str:
    """Return what failed, in a few words."""
    return error.what if isinstance(error, DmpworksError) else str(error) or type(error).__name__


def _say(details: RetryDetails) -> None:
    describe = _describe.get() or summary
    text = f"{describe(details.caused_by)}, trying again in {max(1, round(details.wait_for))} s"
    # With its line end in one write: lines of several processes do not run into each other in a log.
    print(f"{text}\n", end="", file=sys.stderr, flush=True)


# stamina's own hook logs the name of its event and nothing about the failure.
set_on_retry_hooks([_say])
