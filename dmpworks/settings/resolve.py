"""The value of each setting: from options, environment, file, or default, in this order."""

import difflib
import os
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from dmpworks.errors import SettingsError, merge_errors
from dmpworks.settings.declare import REQUIRED, Setting, declared
from dmpworks.settings.shared import Project, Submission

C = TypeVar("C")


@dataclass(frozen=True)
class Sources:
    """Where values come from, in order of precedence: options, environment, file."""

    options: Mapping[str, Any]  # by variable; only those that were given
    environ: Mapping[str, str]
    file: Mapping[str, str]
    file_name: str
    has_options: bool = True  # a container, the doctor and a resume have none a setting

    def find(self, setting: Setting) -> Any:
        """Return the value of a setting from the first place that has it; REQUIRED if none and no default.

        An empty text is no value, wherever it is given: `--hash "$HASH"` may come with nothing in it.
        """
        if self._given(setting):
            return setting.checked(self.options[setting.variable], "the command line")
        for place, name in ((self.environ, "the environment"), (self.file, self.file_name)):
            if place.get(setting.variable, "") != "":
                return setting.parse(place[setting.variable], f"{name}, {setting.variable}")
        return setting.default

    def came_from_environment(self, setting: Setting) -> bool:
        """Whether the value is from the environment or the file rather than from the command line."""
        return not self._given(setting) and any(place.get(setting.variable) for place in (self.environ, self.file))

    def _given(self, setting: Setting) -> bool:
        return self.options.get(setting.variable, "") not in ("", ())


def environment() -> MutableMapping[str, str]:
    """Return the environment of this process: the one place that reads it."""
    return os.environ


@dataclass(frozen=True)
class Resolved:
    """Settings with their values: typed as their class, or one by its declaration."""

    _values: Mapping[str, Any] = field(default_factory=dict)  # by variable

    def of(self, cls: type[C]) -> C:
        """Return a settings class; a field that was not resolved has its default (a submitter holds no secrets).

        Raises TypeError when a field without a default was not resolved.
        """
        known = [setting for setting in declared(cls) if setting in self]
        return cls(**{setting.field: self[setting] for setting in known})

    @cached_property
    def project(self) -> Project:
        """Where the run is stored."""
        return self.of(Project)

    @cached_property
    def submission(self) -> Submission:
        """Where its jobs are sent."""
        return self.of(Submission)

    def __getitem__(self, setting: Setting) -> Any:
        return self._values[setting.variable]

    def __contains__(self, setting: Setting) -> bool:
        return setting.variable in self._values

    def __len__(self) -> int:
        return len(self._values)

    def given(self, setting: Setting) -> bool:
        """Whether a setting has a value that says something: not none, nor an empty text or list."""
        return self._values.get(setting.variable) not in (None, "", ())

    def __or__(self, other: "Resolved") -> "Resolved":
        return Resolved({**self._values, **other._values})


def resolve(wanted: Iterable[Setting], sources: Sources, chain_prefix: str) -> Resolved:
    """Return the settings with their values; raises SettingsError that names all that are wrong or missing."""
    values: dict[str, Any] = {}
    wrong: list[SettingsError] = []
    settings = list(wanted)
    for setting in settings:
        try:
            values[setting.variable] = sources.find(setting)
        except SettingsError as error:
            wrong.append(error)
    if missing := [setting for setting in settings if values.get(setting.variable) is REQUIRED]:
        wrong.append(_missing(missing, sources, chain_prefix))
    if wrong:
        raise merge_errors(wrong)
    return Resolved(values)


def _missing(missing: list[Setting], sources: Sources, chain_prefix: str) -> SettingsError:
    """Tell each missing setting and, for the first, every place that was looked in: a container has no options."""
    first, options = missing[0], sources.has_options
    places = ["the environment", *filter(None, [sources.file_name])]
    if options and not first.secret:
        places.insert(0, f"the option {first.option(chain_prefix)}")
    wanted = [each.option(chain_prefix) if options and not each.secret else each.variable for each in missing]
    return SettingsError(
        f"{', '.join(each.variable for each in missing)} {'is' if len(missing) == 1 else 'are'} not set",
        on=f"{first.variable}: {first.help} Looked in {', '.join(places)}.",
        next=f"give {', '.join(f'{name} ({each.allowed})' for name, each in zip(wanted, missing, strict=True))}",
    )


def check_unknown(known: Iterable[str], prefixes: Iterable[str], sources: Sources) -> None:
    """Stop at a variable that looks like ours but is none; raises SettingsError with the nearest name.

    In the environment only names with one of our prefixes are looked at; in the file all but the AWS tools' own.
    """
    known = set(known)
    starts = tuple(prefixes)
    strangers = [(name, "the environment") for name in sources.environ if name.startswith(starts)]
    strangers += [(name, sources.file_name) for name in sources.file if not name.startswith("AWS_")]
    for name, place in strangers:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
            raise SettingsError(
                f"unknown setting {name}",
                on=f"found in {place}",
                next=f"did you mean {near[0]}?" if near else "remove it; dmpworks batch-submit CHAIN --help lists all",
            )
