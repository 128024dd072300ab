"""The commands below `dmpworks runs`, each from the module that does it; imported only when one of them is called."""

from cyclopts import App

from dmpworks.commands.cancel import cancel
from dmpworks.commands.compare import compare_runs
from dmpworks.commands.list_runs import list_runs
from dmpworks.commands.logs import logs
from dmpworks.commands.reconcile import reconcile
from dmpworks.commands.report import report
from dmpworks.commands.resume import resume
from dmpworks.commands.show import show
from dmpworks.commands.watch import watch

RUNS = App(name="runs", help_format="plaintext")
RUNS.command(list_runs, name="list")
RUNS.command(show)
RUNS.command(watch)
RUNS.command(logs)
RUNS.command(cancel)
RUNS.command(compare_runs, name="compare")
RUNS.command(report)
RUNS.command(reconcile)
RUNS.command(resume)
