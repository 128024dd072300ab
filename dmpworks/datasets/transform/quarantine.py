"""Writes bad records as gzip JSON Lines beside the output, and decides whether there are too many."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import msgspec
from isal import igzip

from dmpworks.datasets.reading.json_lines import BadRecord

QUARANTINE = "quarantine"  # the folder beside the phase
SAMPLE = 5
LONGEST_REASON = 200
ALLOW_MORE = "allow more with --max-bad-records SHARE (runs resume: --set MAX_BAD_RECORDS=SHARE)"


class QuarantinedRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bad record: its position, the reason, and its bytes (as `raw` if they are UTF-8)."""

    file: str
    line: int
    reason: str
    raw: str | None = None
    raw_base64: bytes | None = None


def quarantined(file: str, bad: BadRecord) -> QuarantinedRecord:
    """Return a bad record in the form that is written."""
    reason = bad.reason[:LONGEST_REASON]
    try:
        return QuarantinedRecord(file, bad.line, reason, raw=bad.raw.decode())
    except UnicodeDecodeError:
        return QuarantinedRecord(file, bad.line, reason, raw_base64=bad.raw)


class Quarantine:
    """Collects the bad records of one input file; its file on disk exists only if there are any."""

    def __init__(self, path: Path, file: str) -> None:
        self.path, self.file, self.count = path, file, 0
        self.sample: list[str] = []
        self._stream: igzip.IGzipFile | None = None

    def add(self, bad: Sequence[BadRecord]) -> None:
        """Write bad records, and keep the first few for an error message."""
        for record in bad:
            self.count += 1
            line = quarantined(self.file, record)
            if len(self.sample) < SAMPLE:
                self.sample.append(f"{self.file} line {line.line}: {line.reason}")
            self._open().write(msgspec.json.encode(line) + b"\n")

    def _open(self) -> igzip.IGzipFile:
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = igzip.open(self.path, "wb")
        return self._stream

    def __enter__(self) -> "Quarantine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def too_many(quarantined: int, read: int, allowed: float) -> bool:
    """Return whether the share of quarantined records is above MAX_BAD_RECORDS."""
    # Decimal, since in binary floating point 0.29 * 100 is a little less than 29.
    return quarantined > Decimal(str(allowed)) * read
