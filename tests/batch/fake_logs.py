"""A small CloudWatch Logs with the real client's method and answers, beside a fake AWS Batch."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.batch.fake import FakeBatch
from tests.batch.fake_jobs import check, millis, refused


@dataclass
class FakeLogs:
    """The lines of each stream; `lag`: seconds until a line can be read; `page`: most lines an answer holds."""

    batch: FakeBatch
    lag: float = 3
    page: int = 3
    empty: int = 0  # pages without lines, but with a token, before the end of a stream is answered
    streams: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    faults: list[BaseException] = field(default_factory=list)

    def write(self, stream: str, *lines: str) -> None:
        """Write lines now."""
        self.streams.setdefault(stream, []).extend((self.batch.now, line) for line in lines)

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        check("logs", "GetLogEvents", request, of_answer=False)
        if self.faults:
            raise self.faults.pop(0)
        answer = self._events(**request)
        check("logs", "GetLogEvents", answer, of_answer=True)
        return answer

    def _events(
        self,
        logGroupName: str,
        logStreamName: str,
        startFromHead: bool = False,
        nextToken: str = "",
        limit: int = 10_000,
    ) -> dict[str, Any]:
        if logGroupName != "/aws/batch/job":
            raise refused("GetLogEvents", "ResourceNotFoundException", "The specified log group does not exist.")
        seen = self.batch.now - timedelta(seconds=self.lag)
        lines = [line for line in self.streams.get(logStreamName, []) if line[0] <= seen]
        if not lines:
            raise refused("GetLogEvents", "ResourceNotFoundException", "The specified log stream does not exist.")
        most = min(limit, self.page)
        if nextToken.startswith("f/") or (startFromHead and not nextToken):
            first = int(nextToken.removeprefix("f/") or 0)
            found = lines[first : first + most]
        else:
            if self.empty:
                self.empty -= 1
                return {"events": [], "nextForwardToken": f"f/{len(lines)}", "nextBackwardToken": f"b/{len(lines)}"}
            end = int(nextToken.removeprefix("b/")) if nextToken else len(lines)
            first = max(end - most, 0)
            found = lines[first:end]
        events = [{"timestamp": millis(at), "message": text, "ingestionTime": millis(at)} for at, text in found]
        return {"events": events, "nextForwardToken": f"f/{first + len(found)}", "nextBackwardToken": f"b/{first}"}
