"""Brings many files of one source at once; each that fails is told when the others are through."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

from dmpworks.datasets.download.reuse import Journal
from dmpworks.datasets.download.transfer import Wanted
from dmpworks.datasets.progress import Add, Meter, Progress, console, shown
from dmpworks.datasets.sources.source import AGAIN, Item, Source
from dmpworks.errors import DmpworksError, DownloadError, TemporaryError, first_few
from dmpworks.jobs.manifest import File
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

TOGETHER = 8  # files under way at once
SPOKEN = 10.0  # seconds between two progress lines


class _Copied(Progress):
    """How far a download is: also the bytes so far, as a source may not tell the whole size."""

    def __str__(self) -> str:
        return f"{self.size_done / 1e6:,.1f} MB, {super().__str__()}"


Way = Callable[[Wanted, Meter], File]


class _Bringing:
    """The files of one source on their way."""

    def __init__(self, run: Run, wanted: Sequence[Wanted], meter: Meter, add: Add) -> None:
        self._run, self._wanted, self._meter, self._add = run, wanted, meter, add
        self.files: dict[int, File] = {}
        self.failures: dict[int, DmpworksError] = {}

    def bring(self, way: Way, together: int, journal: Journal) -> None:
        """Bring every file, those after one that fails too."""
        # No `with`: it would wait for what hangs in a call when the job is interrupted.
        pool = ThreadPoolExecutor(together)
        futures = {pool.submit(way, one, self._meter): number for number, one in enumerate(self._wanted)}
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
            self._run.progress(f"{self._wanted[number].name} FAILED: {error.what}")
            return
        journal.note(self.files[number])
        self._add(0, 0, 1)


def bring(
    run: Run, wanted: Sequence[Wanted], way: Way, together: int = TOGETHER
) -> tuple[list[File], list[DmpworksError]]:
    """Return the files that are there now, in order, and the failures of the others."""
    journal = Journal(run)
    progress = _Copied(len(wanted), sum(one.item.size or 0 for one in wanted))
    try:
        with shown(progress, run.progress, console(run.terminal), SPOKEN) as add:
            meter = Meter(progress, add)
            bringing = _Bringing(run, wanted, meter, add)
            bringing.bring(way, together, journal)
    except BaseException:
        journal.save()
        raise
    if found := meter.files_found:
        run.progress(f"{found:,} of {len(wanted):,} files were in the bucket already")
    if bringing.failures:
        journal.save()
    return [file for _, file in sorted(bringing.files.items())], [why for _, why in sorted(bringing.failures.items())]


def publish(run: Run, wanted: Sequence[Wanted], way: Way, together: int = TOGETHER) -> Counts:
    """Publish every file; raises DownloadError naming those that failed, after the others are through."""
    files, failures = bring(run, wanted, way, together)
    run.outputs.extend(files)
    if failures:
        raise _one_error(failures, len(wanted))
    return counts(files)


def counts(files: Sequence[File]) -> Counts:
    """Return what a download job reports: its files and their bytes."""
    return Counts(read=len(files), written=len(files), also={"bytes": sum(file.size for file in files)})


def check_some(source: Source, items: Sequence[Item]) -> None:
    """Raise DownloadError when there is nothing to bring."""
    if not items:
        raise DownloadError("the source holds no file of this dataset", on=source.address, next=AGAIN)


def _one_error(failures: Sequence[DmpworksError], total: int) -> DmpworksError:
    if len(failures) == 1:
        return failures[0]
    # Each has been told when it failed; only when all of them may pass by themselves is another attempt worth it.
    kind = TemporaryError if all(isinstance(error, TemporaryError) for error in failures) else DownloadError
    told = first_few([f"{error.on} ({error.what})" for error in failures])
    return kind(f"{len(failures):,} of {total:,} files could not be copied", on=told, next=failures[0].next)
