"""Files of matches, one plan a line: how dmp-works-search hands what it found to the merge and the evaluation."""

import zlib
from collections.abc import Iterator

import msgspec

from dmpworks.chains.process_dmps.plan_files import read_lines
from dmpworks.errors import JobError
from dmpworks.jobs.run import Phase
from dmpworks.matching.evidence import PlanMatches

_MATCHES = msgspec.json.Decoder(PlanMatches)


def read_matches(phase: Phase) -> Iterator[PlanMatches]:
    """Yield the matches that dmp-works-search wrote, a plan at a time; raises JobError when a file cannot be read."""
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
