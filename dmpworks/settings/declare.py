"""Settings: declared once as fields of a class, then options, environment variables, help and checks follow.

::

    @settings(prefix="OPENALEX_WORKS_TRANSFORM")
    class Transform:
        workers: Annotated[int, "Processes; 0 = one per core."] = 0

A field is `Annotated[type, help]`, or `Annotated[type, help, "what the default is in words"]`; one without a default is
required. Further marks: `DOES_NOT_AFFECT_OUTPUT` for a field that changes where a job runs, how fast, or when it stops,
but not what it writes; `RequiredWhen` for one that a container needs under a condition; `Upload` for one that names
files which people have uploaded. Values come from, in this order: option, environment, `.env.aws-batch` (or
`--env-file`), default.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints

from dmpworks.errors import SettingsError
from dmpworks.formatting import without_login, without_secrets
from dmpworks.settings.parse import allowed, alternatives, convert, is_date, within

C = TypeVar("C")
REQUIRED: Any = object()  # in place of a default where there is none
DOES_NOT_AFFECT_OUTPUT: Any = object()  # marks a field that changes nothing in what a job writes
# Marks what receives secrets or says which code gets them: a resume takes it from here, never from the ledger alone.
NOT_FROM_LEDGER: Any = object()


class Secret:
    """A text that no repr, log, request or option ever shows."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class RequiredWhen(NamedTuple):
    """Marks a field without which a container cannot run when its class has certain values.

    On this machine the field may stay empty: a folder as bucket brings its own search engine and database.
    """

    applies: Callable[[Any], bool]  # to the settings class with its values
    why: str  # completes "NAME is not set although ..."


class Upload(NamedTuple):
    """Marks the field that names an upload: `<dataset>/<value>/download/` in the bucket holds what people put there."""

    what: str  # such as "plans"
    dataset: str
    read_by: Callable[[Any], bool]  # whether a job with these `Resolved` settings reads it


@dataclass(frozen=True)
class Setting:
    """One setting as declared: its variable, its type, its help and its default."""

    prefix: str
    field: str
    type: Any
    help: str
    default: Any = REQUIRED
    default_in_words: str | None = None
    format: re.Pattern[str] | None = None
    affects_output: bool = True
    from_ledger: bool = True
    limits: tuple[float, float] = (0, math.inf)
    required_when: RequiredWhen | None = None
    upload: Upload | None = None

    @property
    def variable(self) -> str:
        """The environment variable, such as `ROR_DOWNLOAD_URL`."""
        return f"{self.prefix}_{self.field}".upper().strip("_")

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED

    @property
    def alternatives(self) -> list[Any]:
        """The types a value may have, None left out."""
        return alternatives(self.type)

    @property
    def secret(self) -> bool:
        """Whether the value may never be shown nor sent."""
        return Secret in self.alternatives

    @property
    def default_text(self) -> str:
        """The default as help and reference show it."""
        if self.required:
            return "required"
        if self.default_in_words is not None:
            return self.default_in_words
        return "none" if self.default is None else self.text(self.default)

    @property
    def allowed(self) -> str:
        """What a value may be, in words."""
        return " or ".join(allowed(kind) for kind in self.alternatives) if not self.format else "YYYY-MM-DD"

    def option(self, chain_prefix: str) -> str:
        """The command-line option: chain level `--name`, job level `--job.name`."""
        name = self.field.replace("_", "-")
        if self.prefix in ("", chain_prefix):
            return f"--{name}"
        job = self.prefix.removeprefix(f"{chain_prefix}_").lower().replace("_", "-")
        return f"--{job}.{name}"

    def text(self, value: Any) -> str:
        """Return a value as an environment variable holds it."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, tuple):
            return ",".join(value)
        return str(value)

    def parse(self, text: str, source: str) -> Any:
        """Turn an environment variable's text into the value; raises SettingsError that names the source."""
        for kind in self.alternatives:
            try:
                value = convert(text, kind)
            except ValueError:
                continue
            return self.checked(value, source)
        raise self._not_allowed(text, source)

    def checked(self, value: Any, source: str) -> Any:
        """Return the value if it has its format, is within its limits and holds no secret; raises SettingsError."""
        if self.format and isinstance(value, str) and not is_date(self.format, value):
            raise self._not_allowed(value, source)
        if isinstance(value, int | float) and not within(self.limits, value):
            most = "on" if self.limits[1] == math.inf else f"to {self.limits[1]:,}"
            raise self._not_allowed(str(value), source, f"a number from {self.limits[0]} {most}")
        if isinstance(value, str) and without_secrets(value) != value:
            held = "a user or a password" if without_login(value) != value else "a signature or a key"
            raise SettingsError(
                f"{self.variable} holds {held}, and is no secret",
                on=f"the value came from {source}: {value}",
                next="give the address alone; a file that needs more is downloaded by hand, and its folder given",
            )
        return value

    def _not_allowed(self, text: str, source: str, allowed: str | None = None) -> SettingsError:
        shown = "(hidden)" if self.secret else repr(text)
        return SettingsError(
            f"{self.variable} cannot be {shown}",
            on=f"the value came from {source}",
            next=f"give {allowed or self.allowed}",
        )


@dataclass_transform(frozen_default=True)
def settings(prefix: str, owns: Sequence[str] = ()) -> Any:
    """Make a frozen settings class of a class whose fields are `Annotated[type, help]`.

    Variables that begin with one of `owns` are ours, as those with a chain's prefix are: an unknown one is a mistake.
    """

    def decorate(cls: type[C]) -> type[C]:
        made = dataclass(frozen=True)(cls)
        made.__prefix__, made.__owns__ = prefix, tuple(owns)  # type: ignore[attr-defined]
        return made

    return decorate


def declared(cls: type[Any]) -> list[Setting]:
    """Return the settings of a settings class, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return [_setting(cls.__prefix__, field, hints[field.name]) for field in dataclasses.fields(cls)]


def _setting(prefix: str, field: "dataclasses.Field[Any]", hint: Any) -> Setting:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{prefix} {field.name}: declare it as Annotated[type, help]")
    kind, text, *marks = get_args(hint)
    return Setting(
        prefix,
        field.name,
        kind,
        text,
        default=REQUIRED if field.default is dataclasses.MISSING else field.default,
        default_in_words=_mark(marks, str),
        format=RUN_ID if field.name == "run_id" or field.name.endswith("_run_id") else None,
        affects_output=DOES_NOT_AFFECT_OUTPUT not in marks,
        from_ledger=NOT_FROM_LEDGER not in marks,
        required_when=_mark(marks, RequiredWhen),
        upload=_mark(marks, Upload),
    )


def _mark(marks: Sequence[Any], kind: type[C]) -> C | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


RUN_ID = re.compile(r"\d{4}-\d{2}-\d{2}")  # a release date, so that runs sort by name
