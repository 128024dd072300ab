"""Files of matches, one plan a line: how dmp-works-search hands what it found to the merge and the evaluation."""

from collections.abc import Iterator

import msgspec

from dmpworks.chains.process_dmps.plan_files import read_records
from dmpworks.jobs.run import Phase
from dmpworks.matching.matches import PlanMatches

_MATCHES = msgspec.json.Decoder(PlanMatches)


def read_matches(phase: Phase) -> Iterator[PlanMatches]:
    """Yield the matches that dmp-works-search wrote, a plan at a time; raises JobError when a file is damaged."""
    return read_records(phase, "matches", _MATCHES)
