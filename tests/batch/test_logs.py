"""Logs in the terminal: of one attempt, of the newest, or followed to the end."""

import json
from datetime import timedelta

import pytest

from dmpworks.batch.describe import LOG_GROUP
from dmpworks.batch.monitor.log_streams import Stream
from dmpworks.commands.runs.logs import print_logs
from dmpworks.errors import JobError, PreflightError, SettingsError
from dmpworks.runs.ledger.events import Ended, Observed
from dmpworks.runs.ledger.locks import hold
from tests.batch.fake_containers import Container
from tests.batch.fake_jobs import Execution, denied, image_not_pulled, machine_lost
from tests.batch.scene import Scene


def saying(scene: Scene, *lines: str, **about: object) -> Execution:
    return Execution(**about, container=Container(scene.bucket, scene.logs, lines=lines))


def printed(scene: Scene, capsys, job=None, attempt=None, **how: bool) -> list[str]:
    print_logs(scene.ledger, scene.context, job, attempt, **{"follow": False, "as_json": False, **how})
    return capsys.readouterr().out.splitlines()


def test_a_log_of_many_pages_is_read_whole_and_once(scene, capsys):
    lines = [f"line {number}" for number in range(20)]
    scene.does("fetch", saying(scene, *lines))
    scene.submit()
    scene.sleep(60)
    assert printed(scene, capsys, "fetch") == lines


def test_an_empty_page_with_a_token_is_not_the_end_of_the_last_lines(scene):
    lines = [f"line {number}" for number in range(20)]
    scene.does("fetch", saying(scene, *lines))
    scene.submit()
    scene.sleep(60)
    (stream,) = scene.logs.streams
    scene.logs.empty = 1
    assert [line.text for line in Stream(scene.logs, LOG_GROUP, stream).last(8)] == lines[-8:]


def test_each_attempt_has_its_own_log_the_newest_is_shown(scene, capsys):
    lost = machine_lost()
    lost.container = Container(scene.bucket, scene.logs, lines=("first",))
    scene.does("fetch", lost, image_not_pulled(), saying(scene, "third"))
    scene.submit()
    scene.sleep(300)
    assert printed(scene, capsys, "fetch") == ["third"]
    assert printed(scene, capsys, "fetch", 1) == ["first"]
    with pytest.raises(SettingsError) as caught:
        printed(scene, capsys, "fetch", 2)
    assert caught.value.what == "there is no log of attempt 2"


def test_without_a_job_the_one_that_failed_is_shown(scene, capsys):
    scene.does("fetch", saying(scene, "good"))
    scene.does("count", saying(scene, "bad", exit_code=1))
    scene.submit()
    scene.sleep(300)
    print_logs(scene.ledger, scene.context, None, None, follow=False, as_json=False)
    out, err = capsys.readouterr()
    assert out == "bad\n"
    assert err.startswith("==> letters/2026-10-01 count, attempt 1 (dmpworks/default/")


def test_following_shows_lines_as_they_come_and_ends_with_the_job(scene, capsys):
    scene.does("fetch", saying(scene, "begins", seconds=100))
    scene.submit()
    stream = f"dmpworks/default/{scene.batch.job('fetch').id}-1"
    begin = scene.batch.now

    def sleep(seconds: float) -> None:
        scene.sleep(seconds)
        if scene.batch.now - begin > timedelta(seconds=70) and len(scene.logs.streams[stream]) == 1:
            scene.logs.write(stream, "goes on")

    print_logs(scene.ledger, scene.context._replace(sleep=sleep), "fetch", None, follow=True, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["begins", "goes on"]
    assert scene.batch.job("fetch").status == "SUCCEEDED"


def test_the_last_lines_that_cloudwatch_shows_late_are_not_missed(scene, capsys):
    scene.logs.lag = 5
    scene.does("fetch", saying(scene, "at once", seconds=1))
    scene.submit()
    assert printed(scene, capsys, "fetch", follow=True) == ["at once"]


def test_following_a_run_goes_from_job_to_job(scene, capsys):
    scene.does("fetch", saying(scene, "one"))
    scene.does("count", saying(scene, "two"))
    scene.submit()
    assert printed(scene, capsys, follow=True) == ["one", "two"]


def test_as_json_each_line_says_whose_it_is(scene, capsys):
    scene.does("fetch", saying(scene, "one"))
    scene.submit()
    scene.sleep(60)
    begun = scene.ledger.state().jobs["fetch"].attempts[0].started.at
    (line,) = printed(scene, capsys, "fetch", as_json=True)
    assert json.loads(line) == {"job": "fetch", "attempt": 1, "at": begun.isoformat(), "text": "one"}


def test_a_job_whose_container_never_started_says_why_there_is_no_log(scene, capsys):
    scene.does("fetch", image_not_pulled())
    scene.submit()
    scene.sleep(300)
    with pytest.raises(SettingsError) as caught:
        printed(scene, capsys, "fetch")
    assert caught.value.on == "letters/2026-10-01 fetch: Task failed to start"


def test_without_a_job_one_that_never_began_is_passed_over(scene, capsys):
    ledger = scene.local_run()
    scene.bucket.put(ledger.log_key(1, "fetch"), b"begins\n")
    for job in ("fetch", "count"):
        ledger.append(Observed(at=scene.batch.now, by="ada@laptop", job=job, state="cancelled"))
    print_logs(ledger, scene.context._replace(batch=None, logs=None), None, None, follow=False, as_json=False)
    assert capsys.readouterr().out == "begins\n"


def test_what_is_over_is_not_to_be_waited_for(scene, capsys):
    ledger = scene.local_run()  # its process is gone
    with pytest.raises(SettingsError) as caught:
        print_logs(ledger, scene.context._replace(batch=None, logs=None), "fetch", None, follow=False, as_json=False)
    assert caught.value.on == "letters/2026-11-01 fetch: the process that ran it is gone"
    assert caught.value.next == "dmpworks runs show letters/2026-11-01"


def test_a_job_that_is_not_of_the_run_is_named(scene, capsys):
    scene.submit()
    with pytest.raises(SettingsError) as caught:
        printed(scene, capsys, "transform")
    assert (caught.value.what, caught.value.next) == ("letters/2026-10-01 has no job transform", "one of fetch, count")


def test_a_missing_permission_names_the_action(scene, capsys):
    scene.submit()
    scene.sleep(60)
    scene.logs.faults.append(denied("GetLogEvents"))
    with pytest.raises(PreflightError) as caught:
        printed(scene, capsys, "fetch")
    assert caught.value.what == "these AWS credentials lack a permission"


def test_the_log_of_a_local_run_is_followed_while_it_grows(scene, capsys):
    ledger = scene.local_run()
    about = {"at": scene.batch.now, "by": "ada@laptop"}
    key = ledger.log_key(1, "fetch")
    pieces = iter([b"begins\nhalf a ", b"begins\nhalf a line\n"])

    def sleep(seconds: float) -> None:
        if piece := next(pieces, None):
            scene.bucket.put(key, piece)
        elif not ledger.state().jobs["fetch"].ended:
            ledger.append(Ended(**about, job="fetch", attempt="a1", outcome="succeeded"))

    context = scene.context._replace(batch=None, logs=None, sleep=sleep)
    with hold(scene.bucket, "letters", "dmpworks run letters/2026-11-01"):
        print_logs(ledger, context, "fetch", None, follow=True, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["begins", "half a line"]
    print_logs(ledger, context, "fetch", None, follow=False, as_json=False)
    assert capsys.readouterr().out.splitlines() == ["begins", "half a line"]


def test_a_stream_that_has_expired_is_an_error(scene, capsys):
    scene.does("fetch", saying(scene, "long ago"))
    scene.submit()
    scene.sleep(600)
    scene.logs.streams.clear()
    with pytest.raises(JobError) as caught:
        printed(scene, capsys, "fetch")
    assert caught.value.what == "CloudWatch has no lines of this log"
    assert "retention" in caught.value.next
