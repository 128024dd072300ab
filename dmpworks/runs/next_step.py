"""The command that continues a run after a job failed."""

import re
from collections.abc import Mapping

from dmpworks.runs.ledger.events import ErrorText

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")


def resume_command(run: str, settings: Mapping[str, str], error: ErrorText | None = None) -> str:
    """Return the command that resumes a run; with `--set` if its error is about one of the recorded settings.

    A resume takes the recorded settings: without `--set` it would fail in the same way.
    """
    named = [name for name in VARIABLE.findall(error.on) if name in settings] if error else []
    return f"dmpworks runs resume {run}" + "".join(f" --set {name}=VALUE" for name in dict.fromkeys(named))
