"""`dmpworks runs compare A B`: two runs side by side."""

from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.formatting import NONE, change
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.store import Ledger, find_run, now
from dmpworks.runs.reports.compare import TOLD, Comparison, Difference, compare
from dmpworks.runs.reports.metrics import read_run


def compare_runs(
    before: str, after: str, /, *, bucket_name: BucketName = None, env_file: EnvFile = None, as_json: Json = False
) -> None:
    """Show how two runs differ: settings, versions, counts, times and memory of each job.

    Parameters
    ----------
    before
        A run: latest, CHAIN/latest or CHAIN/RUN-ID.
    after
        The run to hold against it.
    """
    _, bucket = open_project(bucket_name, env_file)
    first, second = (read_run(Ledger(bucket, find_run(bucket, each)), now()).figures for each in (before, after))
    found = compare(first, second)
    if as_json:
        print_json(found)
        return
    print_lines(f"{found.before} ({first.status}) and {found.after} ({second.status})", "")
    print_comparison(found)


def print_comparison(found: Comparison) -> None:
    """Print changed settings, then every figure of every job."""
    if found.changes:
        changes = [(each.name, each.before or NONE, each.after or NONE) for each in found.changes]
        print_table(("setting", "before", "after"), changes)
        print_lines("")
    columns = ("job", "figure", "before", "after", "change")
    print_table(columns, [_row(each) for each in found.differences if each.before or each.after], right=columns[2:])


def _row(each: Difference) -> tuple[str, ...]:
    show = TOLD[each.unit]
    return each.job, each.figure, show(each.before), show(each.after), change(each.before, each.after)
