"""Command functions made from declarations: `batch-submit CHAIN` and `run CHAIN` with an option per setting."""

import inspect
import os
import shlex
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Annotated, Any, get_origin

from cyclopts import Group, Parameter

from dmpworks.errors import SettingsError
from dmpworks.jobs.model import Chain
from dmpworks.jobs.wiring import run_id_setting, start_job_setting, submit_settings
from dmpworks.settings.aws import hand_to_libraries
from dmpworks.settings.declare import Setting, declared
from dmpworks.settings.env_file import read_settings
from dmpworks.settings.resolve import Sources
from dmpworks.settings.shared import Project, Submission

ENV_FILE = ".env.aws-batch"
RUN, COMMAND = Group("Run", sort_key=1), Group("Command", sort_key=99)

EnvFile = Annotated[
    Path | None,
    Parameter(name="--env-file", group=COMMAND, help=f"File of settings, a NAME=value per line. [default: {ENV_FILE}]"),
]
Watch = Annotated[bool, Parameter(name="--watch", group=COMMAND, negative=(), help="Follow the run until it is over.")]
Force = Annotated[
    bool,
    Parameter(
        name="--force",
        group=COMMAND,
        negative=(),
        help="Read upstream runs that failed, are incomplete, or changed since: results then mix older and newer data.",
    ),
]
Json = Annotated[bool, Parameter(name="--json", group=COMMAND, negative=(), help="Print JSON for a program to read.")]


def command(
    chain: Chain,
    settings: Iterable[Setting],
    flags: Mapping[str, tuple[Any, Any]],
    act: Callable[..., None],
    summary: str,
) -> Callable[..., None]:
    """Return a function with one option a setting and the flags, which calls `act(chain, options, **flags)`.

    `flags` maps a parameter's name to its annotation and default; `options` holds the given values by variable.
    """
    options = {setting.variable.lower(): setting for setting in settings if not setting.secret}

    def run_command(**given: Any) -> None:
        values = {
            options[name].variable: _value(options[name], chain, value)
            for name, value in given.items()
            if name in options and value is not None
        }
        act(chain, values, **{name: given.get(name, default) for name, (_, default) in flags.items()})

    annotations = {name: _annotation(setting, chain) for name, setting in options.items()}
    annotations |= {name: annotation for name, (annotation, _) in flags.items()}
    defaults = dict.fromkeys(options) | {name: default for name, (_, default) in flags.items()}
    run_command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=annotation)
            for name, annotation in annotations.items()
        ]
    )
    run_command.__annotations__ = annotations
    run_command.__doc__ = f"{summary}\n\n{_secrets_note(settings)}"
    return run_command


def retry_command(verb: str, chain: Chain, options: Mapping[str, Any], env_file: Path | None, job: str) -> str:
    """Return the command that begins at a job with the same options: to paste, hence quoted for the shell."""
    by_variable = {each.variable: each for each in submit_settings(chain)}
    start = start_job_setting(chain)
    words = ["dmpworks", verb, chain.name]
    for variable, value in {**options, start.variable: job}.items():
        setting = by_variable[variable]
        words.append(f"{setting.option(chain.prefix)}={setting.text(value)}")
    return shlex.join([*words, *(["--env-file", os.fspath(env_file)] if env_file else [])])


def sources(options: Mapping[str, Any], env_file: Path | None, environ: MutableMapping[str, str]) -> Sources:
    """Return the places of settings for a submitter; raises SettingsError when a file is missing or invalid.

    The `AWS_*` variables of the file are put into `environ`, where the AWS libraries look for them.
    """
    path = env_file or Path(ENV_FILE)
    if env_file and not env_file.exists():
        raise SettingsError(
            "the file of settings does not exist",
            on=os.fspath(env_file.absolute()),
            next="give the path of a file that exists; without --env-file, .env.aws-batch is read where it exists",
        )
    name = os.fspath(path) if path.exists() else f"{path} (not in {Path.cwd()})"
    found = Sources(options, dict(environ), read_settings(path) if path.exists() else {}, name)
    hand_to_libraries(found.file, name, environ)
    return found


def _value(setting: Setting, chain: Chain, value: Any) -> Any:
    is_list = isinstance(value, str) and any(get_origin(kind) is tuple for kind in setting.alternatives)
    return setting.parse(value, f"the option {setting.option(chain.prefix)}") if is_list else value


def _annotation(setting: Setting, chain: Chain) -> Any:
    kind = str if any(get_origin(kind) is tuple for kind in setting.alternatives) else setting.type
    about = "required" if setting.required else f"default: {setting.default_text}"
    return Annotated[
        kind | None,
        Parameter(
            name=setting.option(chain.prefix),
            group=_group(setting, chain),
            help=f"{setting.help} [env: {setting.variable}] [{about}]",
            show_default=False,
        ),
    ]


def _group(setting: Setting, chain: Chain) -> Group:
    run = [*declared(Project), run_id_setting(chain), start_job_setting(chain)]
    if setting.variable in {each.variable for each in run}:
        return RUN
    if setting.variable in {each.variable for each in declared(Submission)}:
        return Group("AWS Batch", sort_key=90)
    for place, job in enumerate(chain):
        if setting.prefix == chain.job_prefix(job):
            return Group(f"Job {job.name}", sort_key=20 + place)
    return Group(f"Chain {chain.name}" if setting.prefix else "Shared by several chains", sort_key=10)


def _secrets_note(settings: Iterable[Setting]) -> str:
    names = [setting.variable for setting in settings if setting.secret]
    return f"Secrets have no option, set them in the environment or the file: {', '.join(names)}." if names else ""
