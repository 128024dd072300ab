"""The file of settings, `.env.aws-batch`: one NAME=value per line, read by python-dotenv."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dmpworks.errors import SettingsError

if TYPE_CHECKING:
    from dotenv.parser import Binding


def read_settings(path: Path) -> dict[str, str]:
    """Return the settings of a file; `${NAME}` stands for another value of the file or of the environment.

    Raises SettingsError at a line that is no setting and at a name that is set twice: nothing is ignored silently.
    """
    from dotenv.main import resolve_variables
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8") as file:
            lines = [line for line in parse_stream(file) if line.error or line.key]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "the file of settings cannot be read",
            on=f"{path}: {error}",
            next="give a file of UTF-8 text that you may read",
        ) from error
    _check(path, lines)
    values = resolve_variables([(line.key or "", line.value) for line in lines], override=False)
    return {name: value or "" for name, value in values.items()}


def _check(path: Path, lines: Sequence["Binding"]) -> None:
    first: dict[str, int] = {}
    for line in lines:
        number = line.original.line
        if line.error or line.key is None or line.value is None:
            raise SettingsError(
                "a line of the settings is not NAME=value",
                on=f"{path} line {number}",  # not its text: it may hold a secret
                next="fix it, or put # before it; quote a value with spaces",
            )
        if line.key in first:
            raise SettingsError(
                f"{line.key} is set twice", on=f"{path} lines {first[line.key]} and {number}", next="remove one of them"
            )
        first[line.key] = number
