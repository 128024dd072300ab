"""Sets bad records aside as gzip JSON Lines beside the output, and tells whether there are too many."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import msgspec
from isal import igzip

from dmpworks.datasets.reading.json_lines import Bad

QUARANTINE = "quarantine"  # the folder beside the phase
SAMPLE = 5
LONGEST_REASON = 200
MORE = "allow more with --max-bad-records SHARE (runs resume: --set MAX_BAD_RECORDS=SHARE)"


class SetAside(msgspec.Struct, frozen=True, omit_defaults=True):
    """One quarantined record: where it stood, why it is none, and its very bytes: `raw` where they are UTF-8."""

    file: str
    line: int
    reason: str
    raw: str | None = None
    raw_base64: bytes | None = None


def set_aside(file: str, bad: Bad) -> SetAside:
    """Return a bad record as it is written down."""
    reason = bad.reason[:LONGEST_REASON]
    try:
        return SetAside(file, bad.line, reason, raw=bad.raw.decode())
    except UnicodeDecodeError:
        return SetAside(file, bad.line, reason, raw_base64=bad.raw)


class Quarantine:
    """Collects the bad records of one input file; the file on disk only exists when there are any."""

    def __init__(self, path: Path, file: str) -> None:
        self.path, self.file, self.count = path, file, 0
        self.sample: list[str] = []
        self._stream: igzip.IGzipFile | None = None

    def add(self, bad: Sequence[Bad]) -> None:
        """Write bad records, and keep the first few for a message."""
        for record in bad:
            self.count += 1
            line = set_aside(self.file, record)
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
    """Tell whether the share of quarantined records is above what MAX_BAD_RECORDS allows."""
    # By the digits that were set: 0.29 * 100 is a little less than 29.
    return quarantined > Decimal(str(allowed)) * read
