"""The upload of plans: the DMP Tool's export, and `known-outputs.json` beside it."""

import zlib
from collections.abc import Iterator

import msgspec

from dmpworks.chains.process_dmps.export import Dropped, Exported, newest, plan_from_export
from dmpworks.chains.process_dmps.plan_files import read_lines
from dmpworks.cleaners import identifiers
from dmpworks.datasets.reading.coerce import decode_leniently
from dmpworks.datasets.reading.json_lines import NO_RECORD, BadRecord
from dmpworks.datasets.transform.quarantine import ALLOW_MORE, Quarantine, too_many
from dmpworks.errors import JobError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.matching.records import Plan

KNOWN_OUTPUTS = "known-outputs.json"


def read_upload(run: Run, phase: Phase, max_bad_records: float) -> tuple[list[Plan], Counts]:
    """Return the newest state of each uploaded plan; raises JobError on a broken file or too many bad lines.

    `max_bad_records` is a share of the upload's lines; bad lines within it are published as the run's quarantine.
    """
    quarantine = Quarantine(run.scratch / "bad.jsonl.gz", phase.folder)
    with quarantine:
        files = [file for file in phase.files if ".jsonl" in file.key]
        plans, counts = newest(plan for file in files for plan in _plans_of_file(phase, file, quarantine))
    if not files:
        raise JobError("no plans were uploaded", on=phase.folder, next="upload coki-dmps_<date>_1.jsonl.gz there")
    counts += Counts(read=quarantine.count, quarantined=quarantine.count)
    _check_bad_lines(quarantine, counts, max_bad_records)
    if quarantine.count:
        run.publish(quarantine.path, "bad.jsonl.gz", rows=quarantine.count, folder="quarantine")
    return plans, counts


def _check_bad_lines(quarantine: Quarantine, counts: Counts, allowed: float) -> None:
    if too_many(quarantine.count, counts.read, allowed):
        raise JobError(
            f"{quarantine.count} of {counts.read} lines are no plans, more than MAX_BAD_RECORDS={allowed:g} allows",
            on="; ".join(quarantine.sample),
            next=f"upload a sound export, or {ALLOW_MORE}",
        )


def _plans_of_file(phase: Phase, file: File, quarantine: Quarantine) -> Iterator[Plan | Dropped]:
    lines = enumerate(read_lines(phase.local(file)), 1)
    try:
        for number, line in lines:
            try:
                yield _parse(line)
            except NO_RECORD as error:
                quarantine.add([BadRecord(number, f"{type(error).__name__}: {error}", line)])
    except (OSError, EOFError, zlib.error) as error:
        raise JobError(
            "an uploaded file cannot be read to its end", on=f"{file.key}: {error}", next="upload the export again"
        ) from error


def _parse(line: bytes) -> Plan | Dropped:
    try:
        return plan_from_export(line)
    except NO_RECORD:
        return plan_from_export(msgspec.json.encode(decode_leniently(line, Exported)))


def read_known_outputs(phase: Phase) -> dict[str, list[str]]:
    """Return the works that the upload names as known outputs, by plan; none when it has no such file."""
    files = [file for file in phase.files if file.key.rsplit("/", 1)[-1] == KNOWN_OUTPUTS]
    if not files:
        return {}
    try:
        stated = msgspec.json.decode(phase.local(files[0]).read_bytes(), type=dict[str, list[str]])
    except msgspec.DecodeError as error:
        raise JobError(
            "the known outputs cannot be read",
            on=f"{files[0].key}: {error}",
            next='upload it again: {"plan DOI": ["work DOI", ...]}',
        ) from error
    cleaned = {identifiers.doi(plan): [identifiers.doi(work) for work in works] for plan, works in stated.items()}
    return {plan: list(dict.fromkeys(filter(None, works))) for plan, works in cleaned.items() if plan}
