"""The report as a page: what it says, and how it stands in a real browser."""

import html
import json
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from dmpworks.jobs.model import Counts
from dmpworks.runs.ledger.events import ErrorText, JobRequest
from dmpworks.runs.ledger.store import RunName
from dmpworks.runs.reports.gantt import Scale
from dmpworks.runs.reports.html_page import page
from dmpworks.runs.reports.report import make_report
from tests.runs.sample import BEGAN, SMALL, Story, good_run, troubled_run

MEASURE = (Path(__file__).parent / "measure.js").read_text()


def dollars(asked: JobRequest) -> float:
    return (asked.vcpus or 0) * 0.036


def made(story: Story) -> str:
    return page(make_report(story.bucket, story.run, dollars, "prices of 2026-06-17", story.now))


@pytest.fixture
def month(bucket) -> str:
    """The page of a run with a lost machine, a failure and a resume, after five good runs."""
    for number in range(5, 10):
        good_run(bucket, f"2026-0{number}-01", 0.9 + number / 100)
    return made(troubled_run(bucket))


def text(of: str) -> str:
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", of, flags=re.DOTALL)).split())


def test_what_the_page_says(month):
    said = text(month)
    for told in (
        "Succeeded after 5 h 17 min on AWS Batch in 2 submissions",
        "4 h 25 min and 52 min of waiting for machines",
        "for 4 jobs, 1 machine lost",
        "10,435 records, by merge-related-works",
        "Compared with process-dmps/2026-09-01, the last successful run before",
        "PROCESS_WORKS_RUN_ID 2026-09-01 2026-10-01",
        "PROCESS_DMPS_DMP_WORKS_SEARCH_VCPUS=16",
        "Costs are an estimate: prices of 2026-06-17.",
    ):
        assert told in said
    assert re.search(r"Cost \$\d+\.\d\d an estimate, machines only; \$\d+\.\d\d of it for attempts that failed", said)


def test_the_chart_is_told_in_words(month):
    first, second = re.findall(r'role="img" aria-label="([^"]*)"', month)
    assert "dmp-works-search, failed: waited 11 min for a machine (03:06:00 to 03:17:00 UTC)" in first
    assert "attempt 1 ran until its machine was lost, 38 min" in first
    assert first.endswith("merge-related-works, skipped: did not run")
    assert second.startswith("dmp-works-search, succeeded")


def test_nothing_is_fetched_and_nothing_runs(month):
    assert not re.search(r"<(script|link|img|iframe)|https?://|url\(|@import", month)


def test_hostile_text_stays_text(bucket):
    story = Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL}, settings={"A": "</code><script>1"})
    error = ErrorText("<script>alert(1)</script> & more", '"><img src=x>', "\x1b[31mred")
    story.wait(1).start("download").end("download", 1, "failed", error=error).see("download", "failed", reason="</h2>")
    page = made(story)
    assert "<script" not in page
    assert "<img" not in page
    assert "<script>alert(1)</script> & more" in html.unescape(page)


def test_why_it_failed_and_how_to_go_on(bucket):
    story = Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL, "transform": SMALL})
    error = ErrorText("2 files could not be read", "part_3.json", "download it again")
    story.run_job("download", 1, 5).wait(1).start("transform").end("transform", 9, "failed", error=error)
    story.see("transform", "failed", cause="failed", reason="Essential container in task exited")
    said = text(made(story))
    assert "Failed after 16 min on AWS Batch" in said
    assert (
        "transform failed what 2 files could not be read on part_3.json AWS says Essential container in task exited "
        "exit code 1 next download it again log dmpworks runs logs ror/2026-10-01 transform "
        "resume dmpworks runs resume ror/2026-10-01"
    ) in said
    assert "There is no earlier run of this chain that succeeded: nothing to compare with" in said


def test_a_second_submission_says_where_it_began_only_if_it_left_jobs_out(bucket, month):
    assert "submission 2, from dmp-works-search on" in text(month)
    story = Story(bucket, RunName("ror", "2026-10-01")).plan({"download": SMALL})
    story.run_job("download", 1, 5).wait(9).plan({"download": SMALL}).run_job("download", 1, 5)
    assert "submission 2 2026-10-01" in text(made(story))


def test_a_last_attempt_that_asked_for_another_is_drawn_as_failed(bucket):
    story = Story(bucket, RunName("ror", "2026-10-01"), where="local").plan({"download": SMALL})
    story.start("download").end("download", 5, "again").see("download", "failed")
    chart = re.search(r'class="gantt".*?</figure>', made(story), re.DOTALL)[0]
    assert 'class="bar failed"' in chart
    assert 'class="bar lost"' not in chart


def test_labels_of_the_axis_do_not_overlap_on_a_telephone(chromium, bucket, tmp_path):
    for seconds in (90, 7 * 3600, 5 * 86400):
        run = RunName("ror", f"2026-10-{seconds % 28 + 1:02}")
        story = Story(bucket, run, where="local").plan({"download": SMALL})
        page = made(story.start("download").end("download", seconds / 60))
        found = measured(chromium, tmp_path / "report.html", page, "window-size=500,900")
        labels = sorted(found["labels"])
        assert len(labels) >= 1
        assert all(one[1] <= other[0] for one, other in pairwise(labels)), (seconds, labels)


def test_a_local_run_has_no_costs(bucket):
    story = Story(bucket, RunName("ror", "2026-10-01"), where="local").plan({"download": SMALL})
    said = text(made(story.start("download").end("download", 2, counts=Counts(read=7, written=5))))
    assert "Succeeded after 2 min on one machine" in said
    assert "$" not in said


def test_a_run_that_was_started_by_hand(bucket):
    story = Story(bucket, RunName("ror", "2026-10-01")).start("download").end("download", 2)
    assert "Its jobs were started by hand: there is no submission to draw." in text(made(story))


@pytest.mark.parametrize("seconds", [1, 3, 40, 90, 600, 3000, 7 * 3600, 86400, 5 * 86400, 60 * 86400])
def test_the_axis_has_a_few_round_moments(seconds):
    scale = Scale(BEGAN, BEGAN + timedelta(seconds=seconds))
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(0 <= scale.place(each) <= 100 for each in ticks)
    assert len({scale.label(each) for each in ticks}) == len(ticks)


def measured(chromium, path: Path, source: str, *options: str) -> dict:
    """Return what the browser measures on a page."""
    path.write_text(source.replace("</body>", f"<script>{MEASURE}</script></body>"))
    dom = chromium(path, *options, "dump-dom")
    return json.loads(html.unescape(re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL)[1]))


SCHEMES = {"light": "blink-settings=preferredColorScheme=1", "dark": "blink-settings=preferredColorScheme=0"}


def test_the_chart_stands_in_a_browser(chromium, month, tmp_path):
    found = measured(chromium, tmp_path / "report.html", month, "window-size=1200,900")
    rows = found["rows"]
    assert [row["job"] for row in rows] == [
        "sync-dmps",
        "enrich-dmps",
        "dmp-works-search",
        "merge-related-works",
        "dmp-works-search",
        "merge-related-works",
    ]
    kinds = [bar["kind"] for bar in rows[2]["bars"]]
    assert sorted(kinds) == ["bar failed", "bar lost", "bar wait", "bar wait"]
    for row in rows:
        left, right, top, bottom = row["track"]
        spans = sorted(bar["box"] for bar in row["bars"])
        assert all(left <= a and b <= right + 2 and top <= up and down <= bottom for a, b, up, down in spans)
        assert all(one[1] <= other[0] + 2 for one, other in pairwise(spans))
    # the whole chart is two hundred minutes wide, the lost attempt thirty-eight of them
    left, right, _, _ = rows[2]["track"]
    lost = next(bar["box"] for bar in rows[2]["bars"] if bar["kind"] == "bar lost")
    assert (lost[1] - lost[0]) / (right - left) == pytest.approx(38 / 200, abs=0.01)
    assert found["resources"] == 0


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1200, 500])
def test_it_fits_and_can_be_read(chromium, month, tmp_path, scheme, width):
    options = (f"window-size={width},900", SCHEMES[scheme])
    found = measured(chromium, tmp_path / "report.html", month, *options)
    assert found["wide"] <= found["window"]  # only tables scroll, each by itself
    assert found["clipped"] == []
    contrast, faintest = found["faint"]
    assert contrast >= 4.5, faintest


def test_a_picture_and_a_print(chromium, month, tmp_path):
    path, picture, paper = tmp_path / "report.html", tmp_path / "report.png", tmp_path / "report.pdf"
    path.write_text(month)
    chromium(path, "window-size=1200,2400", f"screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 50_000  # an empty page of this size takes 12,000
    chromium(path, f"print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")
