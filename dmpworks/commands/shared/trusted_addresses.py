"""What a resume may take from the ledger.

Whoever may write `runs/` in the bucket writes what a resume reads there. Secrets are never recorded, so a resume takes
them from today's environment; it must not send them to an address, nor hand files of this machine, that only the
ledger names.
"""

import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dmpworks.errors import PreflightError, SettingsError
from dmpworks.formatting import visible
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import submit_settings
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.ledger.store import who
from dmpworks.settings.declare import REQUIRED, Setting
from dmpworks.settings.resolve import Sources

SOURCES = ("source", "download_url")  # the fields that name what a dataset is copied from
LATEST_RELEASE = "latest"


def check_addresses(chain: Chain, recorded: Mapping[str, str], changes: Mapping[str, Any], here: Sources) -> None:
    """Raise SettingsError where a recorded address that gets secrets, or a queue or job definition, is not set here."""
    foreign = [
        setting
        for setting in submit_settings(chain)
        if not setting.from_ledger and _only_recorded(setting, recorded, changes, here)
    ]
    if foreign:
        said = [f"{setting.variable}={recorded[setting.variable]}, here {_here(setting, here)}" for setting in foreign]
        change = " ".join(f"--set {setting.variable}=VALUE" for setting in foreign)
        raise SettingsError(
            "the ledger names addresses that the settings here do not",
            on=f"the ledger says {'; '.join(said)}; secrets and jobs go nowhere that the ledger alone names",
            next=f"set them here as for batch-submit, or add {change}",
        )


def check_host(before: Planned, run: str, again: str, *, here: bool) -> None:
    """Raise PreflightError when somebody else ran a local run: its folders are those of another machine."""
    if before.by != who() and not here:
        raise PreflightError(
            "this run was started on another machine or by another user",
            on=f"{run}: by {before.by}; here is {who()}",
            next=f"resume it there, or to run its jobs here: {again} --here",
        )


def confirm_sources(
    chain: Chain, recorded: Mapping[str, str], changes: Mapping[str, Any], here: Sources, again: str, *, yes: bool
) -> None:
    """Show which files of this machine are read because the ledger says so; raises PreflightError unless confirmed."""
    local = [
        f"{setting.variable}={recorded[setting.variable]}"
        for setting in submit_settings(chain)
        if setting.field in SOURCES
        and _is_local(recorded.get(setting.variable, ""))
        and _only_recorded(setting, recorded, changes, here)
    ]
    if not local:
        return
    print(visible("the ledger names what is read of this machine: " + ", ".join(local)), file=sys.stderr)
    if yes or (sys.stdin and sys.stdin.isatty() and _answered_yes()):
        return
    raise PreflightError(
        "files of this machine are read because the ledger says so, and nobody has confirmed it",
        on=", ".join(local),
        next=f"if these are the files that you mean: {again} --yes",
    )


def kept_definition(before: Planned, configured: str) -> str | None:
    """Return the revision that a run began with, if it is one of the job definition that is set here."""
    same = before.definition and _definition_name(before.definition) == _definition_name(configured)
    return before.definition if same else None


def _definition_name(text: str) -> str:
    return text.rsplit("/", 1)[-1].partition(":")[0]


def _answered_yes() -> bool:
    print("continue with these? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _only_recorded(setting: Setting, recorded: Mapping[str, str], changes: Mapping[str, Any], here: Sources) -> bool:
    """Return whether a value is in the ledger, and neither set anew nor the one of this environment."""
    if setting.variable in changes or not recorded.get(setting.variable):
        return False
    return recorded[setting.variable] != _here(setting, here)


def _here(setting: Setting, here: Sources) -> str:
    value = here.find(setting)
    return "nothing" if value is None or value is REQUIRED else setting.text(value)


def _is_local(address: str) -> bool:
    return bool(address) and address != LATEST_RELEASE and urlsplit(address).scheme in ("", "file")
