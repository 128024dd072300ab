"""The root command; the only place where an error becomes a message and an exit code."""

import shlex
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console
from rich.text import Text

from dmpworks.catalog import CHAINS
from dmpworks.commands.aws_batch import aws_batch
from dmpworks.commands.docs import docs
from dmpworks.commands.evaluate import evaluate
from dmpworks.commands.run import run_here
from dmpworks.commands.submit import submit_chain
from dmpworks.commands.submit_all import all_command
from dmpworks.errors import DmpworksError, SettingsError
from dmpworks.exit_codes import ExitCode
from dmpworks.formatting import visible
from dmpworks.jobs.commands import COMMAND, EnvFile, Force, Json, Watch, command
from dmpworks.jobs.interrupts import end
from dmpworks.jobs.wiring import chain_settings, start_job_setting, submit_settings
from dmpworks.output import ReaderGone, discard, use_safe_output
from dmpworks.version import version

DryRun = Annotated[bool, Parameter(name="--dry-run", group=COMMAND, negative=(), help="Show the requests, send none.")]
Offline = Annotated[
    bool, Parameter(name="--offline", group=COMMAND, negative=(), help="With --dry-run: do not even read from AWS.")
]
PROGRAM, PLACES = "dmpworks ", ("--bucket-name", "--env-file")


def build_app() -> App:
    """Return the whole command line, made from the catalog."""
    about = "Find the articles, datasets and software that came out of each Data Management Plan."
    app = App(
        name="dmpworks",
        help=about,
        help_format="plaintext",
        version=version,
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,
    )
    app.command(_chain_commands("batch-submit", "Submit a chain to AWS Batch.", submit_chain), name="batch-submit")
    app.command(_chain_commands("run", "Run a chain on this machine.", run_here), name="run")
    app.command(aws_batch, name="aws-batch")
    app.command("dmpworks.commands.runs.group:RUNS", name="runs", help="Look at runs, follow, resume and cancel them.")
    app.command("dmpworks.commands.doctor:doctor", name="doctor", help="Check everything that a submission needs.")
    app.command(evaluate)
    app.command(docs)
    return app


def _chain_commands(name: str, summary: str, act: Any) -> App:
    group = App(name=name, help=summary)
    submitting = act is submit_chain
    flags: dict[str, tuple[Any, Any]] = {"env_file": (EnvFile, None), "as_json": (Json, False), "force": (Force, False)}
    if submitting:
        flags |= {"dry_run": (DryRun, False), "offline": (Offline, False), "watch": (Watch, False)}
    for place, chain in enumerate(CHAINS):
        settings = submit_settings(chain) if submitting else [*chain_settings(chain), start_job_setting(chain)]
        text = f"{chain.summary} Jobs: {', '.join(chain.job_names)}."
        group.command(command(chain, settings, flags, act, text), name=chain.name, sort_key=place)
    if submitting:
        group.command(all_command(flags), name="all", sort_key=len(CHAINS))
    return group


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    0 done, 1 failed, 2 usage or preflight, 3 stuck, 4 cancelled, 75 try again, 130 interrupted.
    """
    _hear_interrupts()
    use_safe_output()
    repeat = _to_repeat(sys.argv[1:] if arguments is None else arguments)
    try:
        build_app()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        if sys.stdout:
            sys.stdout.flush()  # now, while a failure can still be reported
    except CycloptsError as error:
        near = " ".join(error.command_chain or ())
        failure = SettingsError(
            "invalid command line", on=str(error), next=f"dmpworks {near} --help".replace("  ", " ")
        )
        _exit(failure)
    except DmpworksError as error:
        error.next += _with(repeat, error.next)
        _exit(error)
    except SystemExit as stop:  # of a watch, which has said what to do next
        if stop.code and repeat:
            print(f"  each command above{_with(repeat, PROGRAM)}", file=sys.stderr)
        raise
    except KeyboardInterrupt:
        end()
    except (ReaderGone, BrokenPipeError):
        sys.exit(ExitCode.FAILED)


def _to_repeat(arguments: Sequence[str]) -> list[str]:
    """Return the options that say where the runs are: a command to paste that lacks them may mean another run."""
    words = [*arguments, ""]
    parts = [(word.partition("="), words[place]) for place, word in enumerate(arguments, 1)]
    return [f"{name}={value if sign else after}" for (name, sign, value), after in parts if name in PLACES]


def _with(options: Sequence[str], text: str) -> str:
    """Return what to add to a text whose commands lack these options."""
    lacking = [option for option in options if PROGRAM in text and option.partition("=")[0] not in text]
    return f" (with {shlex.join(lacking)})" if lacking else ""


def _hear_interrupts() -> None:
    """Treat a request to end as Ctrl-C, so that every job tidies up and takes its workers along.

    The first process of a container would not even notice SIGTERM without a handler.
    """
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:  # nohup, and a job behind `&`
            signal.signal(each, _interrupted)


def _interrupted(number: int, frame: object) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # one is enough: tidying up is not to be disturbed
    raise KeyboardInterrupt


def _exit(error: DmpworksError) -> None:
    text = f" {error.what}\n  on:   {error.on}\n  next: {error.next}"
    try:
        Console(stderr=True, soft_wrap=True).print(Text.assemble(("failed:", "bold red"), visible(text)))
    except OSError:  # its disk is full: the exit code remains
        discard(sys.stderr)
    sys.exit(error.exit_code)
