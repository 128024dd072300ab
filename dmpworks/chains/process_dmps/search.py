"""The body of dmp-works-search: for every plan a query, the evidence of each candidate, and a ranking; one line a plan.

Plans are searched in batches, each written to a file of its own, so that memory does not grow with their number.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import msgspec
from isal import igzip

from dmpworks.chains.process_dmps.plan_files import read_lines, read_plans
from dmpworks.chains.process_dmps.settings import SearchSettings
from dmpworks.chains.process_dmps.works_index import check_works_index
from dmpworks.errors import JobError, SettingsError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.matching.candidates import (
    SIMILAR_ASKED,
    direct_candidates,
    related_candidates,
    related_dois,
    similar_candidates,
)
from dmpworks.matching.coauthors import confirmed_outputs, with_coauthors
from dmpworks.matching.comparison.content import Statistics, highlight, topic_of
from dmpworks.matching.matches import Match, PlanMatches
from dmpworks.matching.plan_query import build_query, build_similar_query, needed_frequencies
from dmpworks.matching.query import Query
from dmpworks.matching.ranking import rank
from dmpworks.matching.records import Plan, Work
from dmpworks.services.search import SearchEngine, open_engine
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import Search
from dmpworks.workers import run_pieces

PLANS_PER_BATCH = 200  # few enough that a small run needs no pool of processes
UNCHANGED = "not modified since"

_WORK = msgspec.json.Decoder(Work)


class PlanBatch(msgspec.Struct, frozen=True):
    """What a worker needs to search some plans: all of it can be sent to another process."""

    plans: Path
    matches: Path
    engine: Search
    bucket: Bucket
    region: str | None
    works: int  # how many there are in the index
    settings: SearchSettings


class SearchedBatch(msgspec.Struct, frozen=True):
    """The matches of a batch: their file, and how many plans, works, and plans without a work it holds."""

    matches: Path
    plans: int
    works: int
    without_works: int


def search_plans(run: Run, engine: Search, settings: SearchSettings, modified_since: str | None = None) -> Counts:
    """Search works for the plans of enrich-dmps.

    Raises SyncError when the works index is not what the last sync left, before and after the search; JobError, after
    the other batches, when some failed.
    """
    works = _check_index(run, engine)
    plans = ModifiedPlans(read_plans(run.earlier("enrich-dmps")), parse_day(modified_since))
    batches = [
        PlanBatch(
            path, path.with_name(f"matches_{number:04}.jsonl.gz"), engine, run.bucket, run.region, works, settings
        )
        for number, path in enumerate(write_batches(plans, run.scratch))
    ]
    run.progress(f"searching {works:,} works for {plans.kept:,} plans")
    searched, failed = run_pieces(search_batch, batches, settings.workers)
    if failed:
        raise JobError(
            f"{len(failed)} of {len(batches)} batches of plans could not be searched",
            on=first_few(sorted({failure.reason for failure in failed})),
            next="run the job dmp-works-search again when the cause is removed",
        )
    _check_index(run, engine)  # a sync may have begun meanwhile: what was found beside it is not complete
    for batch in searched:
        run.publish(batch.matches, batch.matches.name, rows=batch.plans)
    return _counts(plans, searched)


def _check_index(run: Run, settings: Search) -> int:
    engine = open_engine(settings, run.bucket, run.region)
    try:
        return check_works_index(run, engine, settings.opensearch_works_index)
    finally:
        engine.close()


def _counts(plans: "ModifiedPlans", searched: Iterable[SearchedBatch]) -> Counts:
    searched = list(searched)
    return Counts(
        read=plans.read,
        written=sum(batch.plans for batch in searched),
        dropped={UNCHANGED: plans.read - plans.kept} if plans.since else {},
        also={
            "works found": sum(batch.works for batch in searched),
            "plans without a work": sum(batch.without_works for batch in searched),
        },
    )


def parse_day(text: str | None) -> date | None:
    """Return the day of PROCESS_DMPS_MODIFIED_SINCE; raises SettingsError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SettingsError(
            f"PROCESS_DMPS_MODIFIED_SINCE cannot be {text!r}", on=str(error), next="give YYYY-MM-DD"
        ) from error


class ModifiedPlans:
    """The plans modified since a day, counted while they are iterated over; a plan without a date may have been."""

    def __init__(self, plans: Iterable[Plan], since: date | None) -> None:
        self._plans, self.since, self.read, self.kept = plans, since, 0, 0

    def __iter__(self) -> Iterator[Plan]:
        for plan in self._plans:
            self.read += 1
            if not (self.since and plan.modified and plan.modified.date() < self.since):
                self.kept += 1
                yield plan


def write_batches(plans: Iterable[Plan], folder: Path) -> Iterator[Path]:
    """Write plans to files of one batch each, and yield their paths."""
    plans = iter(plans)
    number = 0
    while batch := list(islice(plans, PLANS_PER_BATCH)):
        path = folder / f"plans_{number:04}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(plan) + b"\n" for plan in batch))
        number += 1
        yield path


def search_batch(batch: PlanBatch) -> SearchedBatch:
    """Search works for the plans of a batch and write their matches."""
    plans = [msgspec.json.decode(line, type=Plan) for line in read_lines(batch.plans)]
    engine = open_engine(batch.engine, batch.bucket, batch.region)
    index = batch.engine.opensearch_works_index
    works = without_works = 0
    try:
        statistics = statistics_for(plans, engine, index, batch.works)
        with igzip.open(batch.matches, "wb") as file:
            for plan in plans:
                matches = find_matches(plan, engine, index, statistics, batch.settings)
                works, without_works = works + len(matches), without_works + (not matches)
                file.write(msgspec.json.encode(PlanMatches(plan.doi, matches)) + b"\n")
    finally:
        engine.close()
    return SearchedBatch(batch.matches, len(plans), works, without_works)


def statistics_for(plans: Iterable[Plan], engine: SearchEngine, index: str, works: int) -> Statistics:
    """Return the document frequencies of all terms of some plans, asked for once."""
    wanted: dict[str, dict[str, None]] = {}
    for plan in plans:
        for field, terms in needed_frequencies(plan).items():
            wanted.setdefault(field, {}).update(dict.fromkeys(terms))
    return Statistics(
        works,
        {field: engine.document_frequencies(index, field, list(terms)) for field, terms in wanted.items() if terms},
    )


def find_matches(
    plan: Plan, engine: SearchEngine, index: str, statistics: Statistics, settings: SearchSettings
) -> tuple[Match, ...]:
    """Return the works for one plan, best first, with their evidence."""
    topic = topic_of(plan, statistics)

    def search(query: Query | None) -> list[Work]:
        return [_WORK.decode(hit.source) for hit in engine.search(index, query)] if query else []

    direct = direct_candidates(plan, search(build_query(plan, statistics, settings.candidates)), topic)
    related = related_dois(plan, direct)
    fetched = engine.fetch(index, [*related, *plan.accepted_dois])
    works = {doi: _WORK.decode(source) for doi, source in fetched.items()}
    matches = direct + related_candidates(plan, [works[doi] for doi in related if doi in works], topic, related)
    alike = search(build_similar_query(plan, statistics, SIMILAR_ASKED))
    matches += similar_candidates(plan, alike, topic, matches)
    accepted = [works[doi] for doi in plan.accepted_dois if doi in works]
    best = rank(plan, with_coauthors(plan, confirmed_outputs(accepted, matches), matches), settings.results)
    # Marking words costs more than all the rest, so only what is shown gets highlights.
    return tuple(
        msgspec.structs.replace(match, content_match=highlight(topic, match.work, match.content_match.score))
        for match in best
    )
