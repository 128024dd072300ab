"""The body of sync-dmps: plans with what people decided, to the next jobs and to the search engine.

Plans come from the upload or from the DMP Tool's database, decisions always from the database. The embedded database is
ours: it is made here and filled from the upload, and `known-outputs.json` beside the upload becomes ACCEPTED links.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec

from dmpworks.chains.process_dmps.database_plans import open_dmp_database, plan_from_row, plan_ids, row_of_plan
from dmpworks.chains.process_dmps.plans import (
    Dropped,
    Exported,
    Subset,
    newest,
    plan_from_export,
    read_lines,
    subset_of_plans,
    write_plans,
)
from dmpworks.cleaners import identifiers
from dmpworks.datasets.reading.coerce import decode_leniently
from dmpworks.datasets.reading.json_lines import NO_RECORD, Bad
from dmpworks.datasets.transform.quarantine import MORE, Quarantine, too_many
from dmpworks.errors import JobError, SyncError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.matching.records import Plan
from dmpworks.services.database import DmpDatabase
from dmpworks.services.database.links import PlanLinks
from dmpworks.services.search import BulkReport, Document, SearchEngine, open_engine
from dmpworks.settings.shared import DmpTool, Search

KNOWN_OUTPUTS = "known-outputs.json"
NOT_IN_SUBSET = "not in subset"
SAMPLES = 5


class Source(msgspec.Struct, frozen=True):
    """Where plans come from: the run id of an upload, or None for the database."""

    upload: str | None
    max_bad_records: float  # share of the upload's lines


def sync(run: Run, source: Source, use_subset: bool, tool: DmpTool, search: Search) -> Counts:
    """Do the job sync-dmps; raises SyncError, JobError, TemporaryError."""
    subset = subset_of_plans(run.bucket) if use_subset else None
    database = open_dmp_database(tool, run.bucket)
    engine = open_engine(search, run.bucket, run.region)
    try:
        found, counts = _plans_of_run(run, database, source)
        return counts + sync_plans(run, found, subset, database, engine, search.opensearch_dmps_index)
    finally:
        engine.close()
        database.close()


def _plans_of_run(run: Run, database: DmpDatabase, source: Source) -> tuple[list[Plan], Counts]:
    if source.upload is None:
        return _left_to_write(*newest(map(plan_from_row, database.plans())))
    phase = run.phase("dmps", source.upload, "download")
    plans, counts = read_upload(run, phase, source.max_bad_records)
    if database.ours:
        fill(database, plans, known_outputs(phase))
    return _left_to_write(plans, counts)


def _left_to_write(plans: list[Plan], counts: Counts) -> tuple[list[Plan], Counts]:
    return plans, msgspec.structs.replace(counts, written=0)


def sync_plans(
    run: Run, plans: Sequence[Plan], subset: Subset | None, database: DmpDatabase, engine: SearchEngine, index: str
) -> Counts:
    """Publish plans with what people decided, and bring the index of plans to their state."""
    kept = with_decisions([plan for plan in plans if subset is None or subset.holds(plan)], database)
    engine.create(index)
    engine.refresh(index)
    kept = modified_by_decisions(kept, engine.fetch(index, [plan.doi for plan in kept]), datetime.now(UTC))
    write_plans(run, kept)
    report = sync_index(engine, index, kept)
    dropped = {NOT_IN_SUBSET: len(plans) - len(kept)} if subset else {}
    also = _figures(kept) | {"plans removed from the index": report.deleted}
    return Counts(written=len(kept), dropped=dropped, also=also)


def _figures(plans: Sequence[Plan]) -> dict[str, int]:
    return {
        "plans without start": sum(plan.project_start is None for plan in plans),
        "plans without end": sum(plan.project_end is None for plan in plans),
        "accepted works": sum(len(plan.accepted_dois) for plan in plans),
        "rejected works": sum(len(plan.rejected_dois) for plan in plans),
    }


def read_upload(run: Run, phase: Phase, max_bad_records: float) -> tuple[list[Plan], Counts]:
    """Return the newest state of each uploaded plan; raises JobError on a broken file or too many bad lines."""
    quarantine = Quarantine(run.scratch / "bad.jsonl.gz", phase.folder)
    with quarantine:
        files = [file for file in phase.files if ".jsonl" in file.key]
        plans, counts = newest(plan for file in files for plan in _plans(phase, file, quarantine))
    if not files:
        raise JobError("no plans were uploaded", on=phase.folder, next="upload coki-dmps_<date>_1.jsonl.gz there")
    counts += Counts(read=quarantine.count, quarantined=quarantine.count)
    _judge(quarantine, counts, max_bad_records)
    if quarantine.count:
        run.publish(quarantine.path, "bad.jsonl.gz", rows=quarantine.count, folder="quarantine")
    return plans, counts


def _judge(quarantine: Quarantine, counts: Counts, allowed: float) -> None:
    if too_many(quarantine.count, counts.read, allowed):
        raise JobError(
            f"{quarantine.count} of {counts.read} lines are no plans, more than MAX_BAD_RECORDS={allowed:g} allows",
            on="; ".join(quarantine.sample),
            next=f"upload a sound export, or {MORE}",
        )


def _plans(phase: Phase, file: File, quarantine: Quarantine) -> Iterator[Plan | Dropped]:
    lines = enumerate(read_lines(phase.local(file)), 1)
    try:
        for number, line in lines:
            try:
                yield _plan(line)
            except NO_RECORD as error:
                quarantine.add([Bad(number, f"{type(error).__name__}: {error}", line)])
    except (OSError, EOFError, zlib.error) as error:
        raise JobError(
            "an uploaded file cannot be read to its end", on=f"{file.key}: {error}", next="upload the export again"
        ) from error


def _plan(line: bytes) -> Plan | Dropped:
    try:
        return plan_from_export(line)
    except NO_RECORD:
        return plan_from_export(msgspec.json.encode(decode_leniently(line, Exported)))


def known_outputs(phase: Phase) -> dict[str, list[str]]:
    """Return the works that the upload names as known outputs, by plan; none when it has no such file."""
    found = [file for file in phase.files if file.key.rsplit("/", 1)[-1] == KNOWN_OUTPUTS]
    if not found:
        return {}
    try:
        stated = msgspec.json.decode(phase.local(found[0]).read_bytes(), type=dict[str, list[str]])
    except msgspec.DecodeError as error:
        raise JobError(
            "the known outputs cannot be read",
            on=f"{found[0].key}: {error}",
            next='upload it anew: {"plan DOI": ["work DOI", ...]}',
        ) from error
    cleaned = {identifiers.doi(plan): [identifiers.doi(work) for work in works] for plan, works in stated.items()}
    return {plan: list(dict.fromkeys(filter(None, works))) for plan, works in cleaned.items() if plan}


def fill(database: DmpDatabase, plans: Sequence[Plan], known: Mapping[str, Sequence[str]]) -> None:
    """Bring a database of ours to the state of an upload; what people decided in it stays."""
    database.load_plans([row_of_plan(plan) for plan in plans])
    ids = plan_ids(database.plan_keys())
    for plan, works in known.items():
        if plan in ids:
            database.change_links(ids[plan], partial(accept, works))


def accept(works: Sequence[str], links: PlanLinks) -> None:
    """Make works outputs of a plan, as if a person had added them; a decision that is there already stands."""
    stored = links.stored()
    there = {link.doi for link in stored}
    links.accept(link.id for link in stored if link.doi in works and not link.decided)
    links.add_by_user(links.register_without_content([doi for doi in works if doi not in there]).values())


def with_decisions(plans: Sequence[Plan], database: DmpDatabase) -> list[Plan]:
    """Return the plans with the works that people accepted and rejected."""
    ids, decisions = plan_ids(database.plan_keys()), database.decisions()
    decided = [decisions.get(ids.get(plan.doi, 0)) for plan in plans]
    return [
        msgspec.structs.replace(plan, accepted_dois=found.accepted, rejected_dois=found.rejected) if found else plan
        for plan, found in zip(plans, decided, strict=True)
    ]


def modified_by_decisions(plans: Sequence[Plan], before: Mapping[str, bytes], now: datetime) -> list[Plan]:
    """Return the plans, those modified where people accepted or rejected a work since they were last synced.

    The database keeps no time of a decision, so it is told from the plans as the index (`before`) has them.
    """
    return [_modified(plan, _PLAN.decode(before[plan.doi]), now) if plan.doi in before else plan for plan in plans]


_PLAN = msgspec.json.Decoder(Plan)


def _modified(plan: Plan, before: Plan, now: datetime) -> Plan:
    same = set(plan.accepted_dois) == set(before.accepted_dois) and set(plan.rejected_dois) == set(before.rejected_dois)
    times = [moment for moment in (plan.modified, before.modified) if moment]
    return msgspec.structs.replace(plan, modified=max(times, default=None) if same else now)


def sync_index(engine: SearchEngine, index: str, plans: Sequence[Plan]) -> BulkReport:
    """Make an index hold just these plans; raises SyncError, after the rest, when it refused some or holds others."""
    gone = set(engine.ids(index)) - {plan.doi for plan in plans}
    report = engine.bulk(index, (Document(plan.doi, {}, source=plan) for plan in plans), sorted(gone))
    engine.refresh(index)
    there = engine.count(index)
    if report.failures:
        samples = "; ".join(f"{failure.id}: {failure.reason}" for failure in report.failures[:SAMPLES])
        raise _index_error(f"{len(report.failures)} of {len(plans)} plans were refused by the search engine", samples)
    if there != len(plans):
        raise _index_error(f"the index holds {there} plans, not {len(plans)}", f"index {index}")
    return report


def _index_error(what: str, on: str) -> SyncError:
    return SyncError(what, on=on, next="see to the cause, then run the job sync-dmps again; all other plans are in")
