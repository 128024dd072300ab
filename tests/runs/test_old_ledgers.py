"""What an earlier dmpworks (9f9fdcc) wrote can still be read: its events and its manifest, byte for byte as stored."""

from pathlib import Path

import msgspec
import pytest

from dmpworks.jobs.manifest import Manifest
from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.events import AnyEvent
from dmpworks.runs.ledger.fold import fold

OLD = Path(__file__).parents[1] / "data" / "ledger-9f9fdcc"
EVENTS = sorted((OLD / "batch").glob("*.json"))


@pytest.mark.parametrize("path", [*EVENTS, *sorted((OLD / "local").glob("*.json"))], ids=lambda path: path.stem)
def test_an_old_event_is_read_whole_and_written_as_it_was(path):
    data = path.read_bytes().strip()
    event: AnyEvent = msgspec.json.decode(data, type=AnyEvent)
    assert msgspec.json.encode(event) == data


def test_an_old_run_on_aws_batch_folds_to_its_state():
    events = [msgspec.json.decode(path.read_bytes(), type=AnyEvent) for path in EVENTS]
    state = fold("openalex-works", "2026-10-01", events)
    download, transform = state.jobs["download"], state.jobs["transform"]
    assert (state.status, download.status, transform.status) == ("failed", "succeeded", "failed")
    assert [(one.number, one.outcome, one.seconds) for one in download.attempts] == [
        (1, None, None),  # its machine was lost
        (2, "succeeded", 1200.0),
    ]
    assert download.last.ended.counts == Counts(read=138, written=137, quarantined=1, also={"files": 3})
    assert [one.reason for one in download.batch_attempts] == ["Host EC2 (instance i-0a1b2c3d) terminated.", None]
    assert (transform.last.ended.error.what, transform.cause) == ("3 files failed", "failed")


def test_an_old_manifest_is_read_whole_and_written_as_it_was():
    data = (OLD / "manifest.json").read_bytes().strip()
    manifest = msgspec.json.decode(data, type=Manifest)
    assert (manifest.job, manifest.counts.read) == ("download", manifest.counts.written)
    assert msgspec.json.decode(msgspec.json.encode(manifest)) == msgspec.json.decode(data)
