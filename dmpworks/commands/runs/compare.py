"""`dmpworks runs compare A B`: compare two runs."""

from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.formatting import NONE
from dmpworks.formatting import change as share_changed
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.runs.ledger.store import Ledger, find_run, now
from dmpworks.runs.reports.compare import FORMATS, Comparison, Difference, compare
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
        The run to compare with it.
    """
    _, bucket = open_project(bucket_name, env_file)
    first, second = (read_run(Ledger(bucket, find_run(bucket, each)), now()).figures for each in (before, after))
    comparison = compare(first, second)
    if as_json:
        print_json(comparison)
        return
    print_lines(f"{comparison.before} ({first.status}) and {comparison.after} ({second.status})", "")
    print_comparison(comparison)


def print_comparison(comparison: Comparison) -> None:
    """Print changed settings, then every figure of every job."""
    if comparison.changes:
        changes = [(change.name, change.before or NONE, change.after or NONE) for change in comparison.changes]
        print_table(("setting", "before", "after"), changes)
        print_lines("")
    columns = ("job", "figure", "before", "after", "change")
    rows = [_row(difference) for difference in comparison.differences if difference.before or difference.after]
    print_table(columns, rows, right=columns[2:])


def _row(difference: Difference) -> tuple[str, ...]:
    before, after = difference.before, difference.after
    in_words = FORMATS[difference.unit]
    return difference.job, difference.figure, in_words(before), in_words(after), share_changed(before, after)
