"""Copies many files of one source in parallel; failures are reported after all other files have been copied."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

from dmpworks.datasets.download.reuse import Journal
from dmpworks.datasets.download.transfer import ExpectedFile
from dmpworks.datasets.progress import Add, Meter, Progress, console, show_progress
from dmpworks.datasets.sources.source import CHECK_AND_RETRY, Item, Source
from dmpworks.errors import DmpworksError, DownloadError, TemporaryError, first_few
from dmpworks.jobs.manifest import File
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

MAX_CONCURRENT = 8  # files
PROGRESS_INTERVAL = 10.0  # seconds between two progress lines


class _DownloadProgress(Progress):
    """Progress of a download, with the bytes so far: some sources do not state the total size."""

    def __str__(self) -> str:
        return f"{self.size_done / 1e6:,.1f} MB, {super().__str__()}"


T = TypeVar("T")
CopyFunction = Callable[[ExpectedFile, Meter], File]


class _ParallelCopy:
    """Copies files in threads and collects results and failures by position."""

    def __init__(self, run: Run, expected: Sequence[ExpectedFile], meter: Meter, add: Add) -> None:
        self._run, self._expected, self._meter, self._add = run, expected, meter, add
        self.files: dict[int, File] = {}
        self.failures: dict[int, DmpworksError] = {}

    def run(self, copy: CopyFunction, max_concurrent: int, journal: Journal) -> None:
        """Copy every file; a failure does not stop the others."""
        # No `with`: on an interrupt it would wait for threads that hang in a network call.
        pool = ThreadPoolExecutor(max_concurrent)
        futures = {pool.submit(copy, file, self._meter): number for number, file in enumerate(self._expected)}
        try:
            for future in as_completed(futures):
                self._take(futures[future], future, journal)
        finally:
            self._meter.end()
            pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, number: int, future: Future[File], journal: Journal) -> None:
        try:
            self.files[number] = future.result()
        except (DownloadError, TemporaryError) as error:
            self.failures[number] = error
            self._run.progress(f"{self._expected[number].name} FAILED: {error.what}")
            return
        journal.note(self.files[number])
        self._add(0, 0, 1)


def copy_all(
    run: Run, expected: Sequence[ExpectedFile], copy: CopyFunction, max_concurrent: int = MAX_CONCURRENT
) -> tuple[list[File], list[DmpworksError]]:
    """Return the files that are now in the bucket, in order, and the errors of the others."""
    journal = Journal(run)
    progress = _DownloadProgress(len(expected), sum(file.item.size or 0 for file in expected))
    try:
        with show_progress(progress, run.progress, console(run.terminal), PROGRESS_INTERVAL) as add:
            meter = Meter(progress, add)
            copying = _ParallelCopy(run, expected, meter, add)
            copying.run(copy, max_concurrent, journal)
    except BaseException:
        journal.save()
        raise
    if reused := meter.files_reused:
        run.progress(f"{reused:,} of {len(expected):,} files were in the bucket already")
    if copying.failures:
        journal.save()
    return _in_order(copying.files), _in_order(copying.failures)


def _in_order(by_number: dict[int, T]) -> list[T]:
    return [value for _, value in sorted(by_number.items())]


def publish(
    run: Run, expected: Sequence[ExpectedFile], copy: CopyFunction, max_concurrent: int = MAX_CONCURRENT
) -> Counts:
    """Copy every file and list it as output; raises DownloadError naming all that failed, after all were tried."""
    files, failures = copy_all(run, expected, copy, max_concurrent)
    run.outputs.extend(files)
    if failures:
        raise _merge_errors(failures, len(expected))
    return counts(files)


def counts(files: Sequence[File]) -> Counts:
    """Return the counts of a download job: its files and their total bytes."""
    return Counts(read=len(files), written=len(files), also={"bytes": sum(file.size for file in files)})


def check_not_empty(source: Source, items: Sequence[Item]) -> None:
    """Raise DownloadError if the source has no file to copy."""
    if not items:
        raise DownloadError("the source has no file of this dataset", on=source.address, next=CHECK_AND_RETRY)


def _merge_errors(failures: Sequence[DmpworksError], total: int) -> DmpworksError:
    if len(failures) == 1:
        return failures[0]
    # Another attempt is worthwhile only if all failures are temporary. Each was reported when it happened.
    kind = TemporaryError if all(isinstance(error, TemporaryError) for error in failures) else DownloadError
    on = first_few([f"{error.on} ({error.what})" for error in failures])
    return kind(f"{len(failures):,} of {total:,} files could not be copied", on=on, next=failures[0].next)
