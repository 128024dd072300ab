"""The body of dmp-works-search: every plan's question to the engine, its evidence, its order; one line a plan.

Plans are worked on in batches, each written to a file of its own, so that memory does not grow with their number.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import msgspec
from isal import igzip

from dmpworks.chains.process_dmps.plans import read_lines, read_plans
from dmpworks.errors import JobError, SettingsError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Phase, Run
from dmpworks.matching.content import Statistics, highlight, similarity, topic_of
from dmpworks.matching.evidence import ContentMatch, Match, PlanMatches, evidence
from dmpworks.matching.plan_query import build_query, needed_frequencies
from dmpworks.matching.ranking import rank
from dmpworks.matching.records import Plan, Work
from dmpworks.services.search import SearchEngine, open_engine
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import Search
from dmpworks.workers import run_pieces

PLANS_AT_ONCE = 200  # plans of one batch; a few run here without a pool of processes
UNCHANGED = "not modified since"

_MATCHES = msgspec.json.Decoder(PlanMatches)
_WORK = msgspec.json.Decoder(Work)


class Limits(msgspec.Struct, frozen=True):
    """How many works are asked of the engine, and how many are kept, per plan."""

    candidates: int = 1000
    results: int = 100


class Batch(msgspec.Struct, frozen=True):
    """What a worker needs to search some plans: all of it can be sent to another process."""

    plans: Path
    matches: Path
    options: Search
    bucket: Bucket
    region: str | None
    works: int  # how many there are in the index
    limits: Limits


class Found(msgspec.Struct, frozen=True):
    """What came of a batch."""

    matches: Path
    plans: int
    works: int
    without: int


def search_plans(
    run: Run, options: Search, limits: Limits, workers: int = 0, modified_since: str | None = None
) -> Counts:
    """Search works for the plans of enrich-dmps; raises JobError, after the other batches, when some failed."""
    since = day(modified_since)
    engine = open_engine(options, run.bucket, run.region)
    try:
        works = engine.count(options.opensearch_works_index)
    finally:
        engine.close()
    plans = Chosen(read_plans(run.earlier("enrich-dmps")), since)
    batches = [
        Batch(path, path.with_name(f"matches_{number:04}.jsonl.gz"), options, run.bucket, run.region, works, limits)
        for number, path in enumerate(written(plans, run.scratch))
    ]
    run.progress(f"searching {works:,} works for {plans.kept:,} plans")
    found, failed = run_pieces(search_batch, batches, workers)
    if failed:
        raise JobError(
            f"{len(failed)} of {len(batches)} batches of plans could not be searched",
            on="; ".join(sorted({failure.reason for failure in failed})),
            next="run the job dmp-works-search again when the cause is removed",
        )
    for part in found:
        run.publish(part.matches, part.matches.name, rows=part.plans)
    return counts(plans, found)


def counts(plans: "Chosen", found: Iterable[Found]) -> Counts:
    """The figures of the manifest: plans read and written, works found for them."""
    found = list(found)
    return Counts(
        read=plans.read,
        written=sum(part.plans for part in found),
        dropped={UNCHANGED: plans.read - plans.kept} if plans.since else {},
        also={
            "works found": sum(part.works for part in found),
            "plans without a work": sum(part.without for part in found),
        },
    )


def day(text: str | None) -> date | None:
    """The day of a setting; raises SettingsError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise SettingsError(
            f"PROCESS_DMPS_MODIFIED_SINCE cannot be {text!r}", on=str(error), next="give YYYY-MM-DD"
        ) from error


class Chosen:
    """Plans that were modified since a day, counted as they go by; one without a date may have been."""

    def __init__(self, plans: Iterable[Plan], since: date | None) -> None:
        self._plans, self.since, self.read, self.kept = plans, since, 0, 0

    def __iter__(self) -> Iterator[Plan]:
        for plan in self._plans:
            self.read += 1
            if not (self.since and plan.modified and plan.modified.date() < self.since):
                self.kept += 1
                yield plan


def written(plans: Iterable[Plan], folder: Path) -> Iterator[Path]:
    """Write plans to files of a batch each."""
    plans = iter(plans)
    number = 0
    while batch := list(islice(plans, PLANS_AT_ONCE)):
        path = folder / f"plans_{number:04}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(plan) + b"\n" for plan in batch))
        number += 1
        yield path


def search_batch(batch: Batch) -> Found:
    """Search works for the plans of a batch and write their matches."""
    plans = [msgspec.json.decode(line, type=Plan) for line in read_lines(batch.plans)]
    engine = open_engine(batch.options, batch.bucket, batch.region)
    index = batch.options.opensearch_works_index
    works = without = 0
    try:
        statistics = statistics_for(plans, engine, index, batch.works)
        with igzip.open(batch.matches, "wb") as file:
            for plan in plans:
                found = matches(plan, engine, index, statistics, batch.limits)
                works, without = works + len(found), without + (not found)
                file.write(msgspec.json.encode(PlanMatches(plan.doi, found)) + b"\n")
    finally:
        engine.close()
    return Found(batch.matches, len(plans), works, without)


def statistics_for(plans: Iterable[Plan], engine: SearchEngine, index: str, works: int) -> Statistics:
    """Ask once for the document frequencies of all terms of some plans."""
    wanted: dict[str, dict[str, None]] = {}
    for plan in plans:
        for field, terms in needed_frequencies(plan).items():
            wanted.setdefault(field, {}).update(dict.fromkeys(terms))
    return Statistics(
        works,
        {field: engine.document_frequencies(index, field, list(terms)) for field, terms in wanted.items() if terms},
    )


def matches(plan: Plan, engine: SearchEngine, index: str, statistics: Statistics, limits: Limits) -> tuple[Match, ...]:
    """The works for one plan, best first, with their evidence."""
    query = build_query(plan, statistics, limits.candidates)
    if query is None:
        return ()
    topic = topic_of(plan, statistics)
    candidates = (_WORK.decode(hit.source) for hit in engine.search(index, query))
    found = (evidence(plan, work, ContentMatch(similarity(topic, work))) for work in candidates)
    best = rank(plan, [match for match in found if match], limits.results)
    # Marking words costs more than all the rest, so only what is shown gets highlights.
    return tuple(
        msgspec.structs.replace(match, content_match=highlight(topic, match.work, match.content_match.score))
        for match in best
    )


def read_matches(phase: Phase) -> Iterator[PlanMatches]:
    """The matches that dmp-works-search wrote, a plan at a time; raises JobError when a file cannot be read."""
    for file in phase.files:
        if file.key.rsplit("/", 1)[-1].startswith("matches"):
            try:
                yield from map(_MATCHES.decode, read_lines(phase.local(file)))
            except (OSError, EOFError, zlib.error, msgspec.DecodeError) as error:
                raise JobError(
                    "a file of matches cannot be read",
                    on=f"{file.key}: {error}",
                    next="run the job dmp-works-search again",
                ) from error
