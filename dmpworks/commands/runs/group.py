"""The commands below `dmpworks runs`, each from the module that does it; imported only when one of them is called."""

from cyclopts import App

from dmpworks.commands.runs.cancel import cancel
from dmpworks.commands.runs.compare import compare_runs
from dmpworks.commands.runs.list_runs import list_runs
from dmpworks.commands.runs.logs import logs
from dmpworks.commands.runs.prune import prune
from dmpworks.commands.runs.reconcile import reconcile
from dmpworks.commands.runs.report import report
from dmpworks.commands.runs.resume import resume
from dmpworks.commands.runs.show import show
from dmpworks.commands.runs.watch import watch

RUNS = App(name="runs", help_format="plaintext")
RUNS.command(list_runs, name="list")
RUNS.command(show)
RUNS.command(watch)
RUNS.command(logs)
RUNS.command(cancel)
RUNS.command(compare_runs, name="compare")
RUNS.command(report)
RUNS.command(prune)
RUNS.command(reconcile)
RUNS.command(resume)
