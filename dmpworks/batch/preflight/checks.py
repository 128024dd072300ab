"""A check before a submission: what was seen, and what to do where it is not as it should be."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

from dmpworks.batch.aws_errors import REFUSALS, as_dmpworks_error, cause
from dmpworks.errors import DmpworksError, PreflightError

T = TypeVar("T")


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at; a warning stops nothing."""

    name: str
    verdict: Literal["ok", "warning", "failed"]
    said: str
    next: str | None = None


def good(name: str, said: str) -> Check:
    """Return a check of what is as it should be."""
    return Check(name, "ok", said)


def warning(name: str, said: str, next: str) -> Check:
    """Return a check of what stops nothing, but should be known."""
    return Check(name, "warning", said, next)


def bad(name: str, said: str, next: str) -> Check:
    """Return a check of what stops a submission."""
    return Check(name, "failed", said, next)


def as_warning(check: Check) -> Check:
    """Return a check that stops nothing, whatever was seen."""
    return replace(check, verdict="warning") if check.verdict == "failed" else check


def of_error(name: str, error: DmpworksError) -> Check:
    """Return the check that failed with an error of ours."""
    return bad(name, f"{error.what} ({error.on})", error.next)


def errors_as_checks(name: str, look: Callable[[], list[Check]]) -> list[Check]:
    """Return what a look found, or the check that failed with an error of ours."""
    try:
        return look()
    except DmpworksError as error:
        return [of_error(name, error)]


def ask_or_warn(name: str, ask: Callable[[], T]) -> T | Check:
    """Return AWS's answer, or a warning when these credentials may not ask.

    Raises PreflightError or TemporaryError where no further question would be answered either.
    """
    try:
        return ask()
    except REFUSALS as error:
        found = cause(error)
        if found.kind != "denied":
            raise as_dmpworks_error(error, name) from error
        return warning(name, f"not checked: {found.what}", found.remedy)


def require(checks: Sequence[Check]) -> None:
    """Raise PreflightError that lists all failed checks at once, if there are any."""
    failed = [check for check in checks if check.verdict == "failed"]
    if not failed:
        return
    how_many = "a check" if len(failed) == 1 else f"{len(failed)} checks"
    raise PreflightError(
        f"{how_many} failed: {', '.join(check.name for check in failed)}",
        on=_numbered([f"{check.name}: {check.said}" for check in failed]),
        next=_numbered([check.next or "" for check in failed]),
    )


def _numbered(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "; ".join(f"({place}) {text}" for place, text in enumerate(texts, 1))
