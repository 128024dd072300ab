"""Whether a job's output is whole and current: what `--start-job auto` skips, and where it starts."""

from datetime import UTC, datetime

import msgspec
import pytest

from dmpworks.catalog import CHAINS
from dmpworks.errors import PreflightError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, STARTED, fingerprint
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import chain_settings, output_values
from dmpworks.runs.completeness import Complete, Missing, Stale, Start, check, check_start, first_job
from dmpworks.runs.ledger.events import Ended, Started
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.settings.resolve import Sources, resolve
from tests.jobs.sample import CHAIN, count, fetch

RUN_ID = "2026-10-01"
FETCH, COUNT = f"letters/{RUN_ID}/fetch", f"letters/{RUN_ID}/count"


def environ(bucket, **more):
    return {"BUCKET_NAME": bucket.name, "LETTERS_RUN_ID": RUN_ID, "LETTERS_SOURCE": "abc"} | more


def values(bucket, **more):
    return resolve(chain_settings(CHAIN), Sources({}, environ(bucket, **more), {}, ""), CHAIN.prefix)


def run(bucket, *jobs, **more):
    for job in jobs or CHAIN.job_names:
        execute([CHAIN], CHAIN, CHAIN.job(job), environ(bucket, **more))


def verdict(bucket, job, **more):
    return check(bucket, CHAIN, CHAIN.job(job), RUN_ID, values(bucket, **more))


def test_nothing_is_there(bucket):
    assert verdict(bucket, "fetch") == Missing("has not run", f"{bucket.name}: {FETCH}/{MANIFEST} does not exist")
    assert first_job(bucket, CHAIN, values(bucket)) == Start("fetch", {"fetch": "has not run"})


def test_all_is_complete_and_current(bucket):
    run(bucket)
    start = first_job(bucket, CHAIN, values(bucket))
    assert start.job is None
    assert [why[:17] for why in start.why.values()] == ["is complete since", "is complete since"]
    assert verdict(bucket, "count").manifest.inputs.keys() == {FETCH}


def test_a_job_that_broke_off_is_missing(bucket):
    run(bucket, "fetch")
    bucket.put(f"{COUNT}/{STARTED}", b"{}")
    assert verdict(bucket, "count").why == "was never finished"
    assert first_job(bucket, CHAIN, values(bucket)).job == "count"


def test_complete_output_outlives_an_execution_that_broke_off(bucket):
    run(bucket)
    bucket.put(f"{COUNT}/{STARTED}", b"{}")
    assert isinstance(verdict(bucket, "count"), Complete)


def test_an_upload_is_complete(bucket):
    bucket.put(f"{FETCH}/by-hand.txt", b"abc")
    assert verdict(bucket, "fetch") == Complete("was uploaded by hand")
    assert first_job(bucket, CHAIN, values(bucket)).job == "count"
    run(bucket, "count")
    assert first_job(bucket, CHAIN, values(bucket)).job is None


def test_a_listed_file_that_is_gone_or_short(bucket):
    run(bucket)
    (file,) = verdict(bucket, "fetch").manifest.files
    bucket.put(file.key, b"ab")
    assert verdict(bucket, "fetch") == Missing(
        "has lost output", f"{bucket.name}: {file.key} has 2 bytes, its manifest says 3"
    )
    bucket.delete([file.key])
    assert verdict(bucket, "fetch").on == f"{bucket.name}: {file.key} is gone"
    assert first_job(bucket, CHAIN, values(bucket)).job == "fetch"


def test_a_damaged_manifest_is_none(bucket):
    run(bucket)
    bucket.put(f"{FETCH}/{MANIFEST}", b"{")
    assert verdict(bucket, "fetch").why == "has a damaged manifest"
    assert verdict(bucket, "count") == Stale(f"read input that no longer exists: {FETCH}")


def test_another_setting_makes_stale(bucket):
    run(bucket)
    assert verdict(bucket, "count", LETTERS_COUNT_LIMIT="2") == Stale("had other settings")
    start = first_job(bucket, CHAIN, values(bucket, LETTERS_COUNT_LIMIT="2"))
    assert (start.job, start.why["count"]) == ("count", "had other settings")


@pytest.mark.parametrize("more", [{"ENV": "prod"}, {"AWS_REGION": "eu-west-1"}])
def test_what_changes_no_output_makes_nothing_stale(bucket, more):
    run(bucket)
    assert first_job(bucket, CHAIN, values(bucket, **more)).job is None


def test_output_is_current_wherever_the_bucket_is_reached_from(bucket):
    shaping = [output_values(CHAIN, CHAIN.job("count"), values(bucket, BUCKET_NAME=name)) for name in ("a/", "b/")]
    assert fingerprint(shaping[0]) == fingerprint(shaping[1])
    assert shaping[0] == {
        "LETTERS_RUN_ID": RUN_ID,
        "LETTERS_COUNT_CASE": False,
        "LETTERS_COUNT_ONLY": (),
        "LETTERS_COUNT_LIMIT": None,
    }


def test_input_that_was_written_anew_or_removed_makes_stale(bucket):
    run(bucket)
    run(bucket, "fetch")
    assert verdict(bucket, "count") == Stale(f"read files that were replaced since: {FETCH}")
    bucket.delete([key for key, _ in bucket.list(FETCH)])
    assert verdict(bucket, "count") == Stale(f"read input that no longer exists: {FETCH}")


def test_settings_that_are_not_known_are_not_compared(bucket):
    run(bucket)
    settings = [setting for setting in chain_settings(CHAIN) if setting.variable != "LETTERS_SOURCE"]
    known = resolve(settings, Sources({}, environ(bucket), {}, ""), CHAIN.prefix)
    assert first_job(bucket, CHAIN, known).job is None


# a job that changes an index or a database: its old manifest says nothing of what a later attempt did there

OUTSIDE = Chain("letters", Job(fetch), Job(count, changes_services=True))


def outside(bucket):
    return check(bucket, OUTSIDE, OUTSIDE.job("count"), RUN_ID, values(bucket))


def begun_again(bucket, outcome=None):
    """Record an attempt after the complete one, killed or ended."""
    ledger, at = Ledger(bucket, RunName("letters", RUN_ID)), datetime.now(UTC)
    ledger.append(Started(at=at, by="a test", job="count", attempt="later"))
    if outcome:
        ledger.append(Ended(at=at, by="a test", job="count", attempt="later", outcome=outcome))


def test_a_repeated_job_that_changes_services_is_not_complete_after_it_was_killed(bucket):
    run(bucket)
    assert isinstance(outside(bucket), Complete)
    bucket.put(f"{COUNT}/{STARTED}", b'{"attempt": "later"}')
    assert outside(bucket) == Missing(
        "was repeated, and the repetition did not complete", f"{bucket.name}: {COUNT}/{STARTED}"
    )
    assert first_job(bucket, OUTSIDE, values(bucket)).job == "count"
    run(bucket, "count")
    assert first_job(bucket, OUTSIDE, values(bucket)).job is None


def test_a_mark_of_the_complete_attempt_itself_means_nothing(bucket):
    """It was killed after its manifest was written, before the mark was removed."""
    run(bucket)
    attempt = verdict(bucket, "count").manifest.attempt
    bucket.put(f"{COUNT}/{STARTED}", msgspec.json.encode({"attempt": attempt}))
    assert isinstance(outside(bucket), Complete)


@pytest.mark.parametrize(("outcome", "complete"), [(None, False), ("failed", False), ("succeeded", True)])
def test_the_ledger_says_that_a_repeated_job_did_not_succeed(bucket, outcome, complete):
    run(bucket)
    begun_again(bucket, outcome)
    assert isinstance(outside(bucket), Complete) == complete


def test_a_job_that_people_alone_may_repeat_is_not_repeated_after_an_interrupted_repetition(bucket):
    once = Chain("letters", Job(fetch), Job(count, attempts=1, repeatable=False, changes_services=True))
    run(bucket)
    bucket.put(f"{COUNT}/{STARTED}", b'{"attempt": "later"}')
    with pytest.raises(PreflightError) as caught:
        first_job(bucket, once, values(bucket))
    assert caught.value.next.endswith("then add --start-job count")


def test_the_jobs_that_change_services_say_so():
    jobs = {job.name for chain in CHAINS for job in chain if job.changes_services}
    assert jobs == {"sync-works", "merge-related-works"}


ONCE = Chain("letters", Job(fetch), Job(count, attempts=1, repeatable=False))


def test_a_job_that_people_alone_may_repeat_is_not_started_again(bucket):
    run(bucket, "fetch")
    assert first_job(bucket, ONCE, values(bucket)).job == "count"  # it never began
    bucket.put(f"{COUNT}/{STARTED}", b"{}")
    with pytest.raises(PreflightError) as caught:
        first_job(bucket, ONCE, values(bucket))
    assert caught.value.what == "count was interrupted, and is not repeated automatically"
    assert caught.value.next.endswith("then add --start-job count")
    run(bucket, "count")
    assert first_job(bucket, ONCE, values(bucket)).job is None
    run(bucket, "fetch")
    assert first_job(bucket, ONCE, values(bucket)).job == "count"  # it ended well: another input is another thing


def test_it_is_not_started_again_behind_an_earlier_job_either(bucket):
    run(bucket, "fetch")
    bucket.put(f"{COUNT}/{STARTED}", b"{}")
    with pytest.raises(PreflightError):
        first_job(bucket, ONCE, values(bucket, LETTERS_SOURCE="other"))


def test_a_job_that_may_not_be_repeated_has_one_attempt():
    with pytest.raises(TypeError, match="attempts=1"):
        Job(count, repeatable=False)


def test_what_the_first_job_reads_must_be_there(bucket):
    with pytest.raises(PreflightError) as caught:
        check_start(CHAIN, "count", RUN_ID, bucket)
    assert caught.value.what == f"cannot start letters at count: the job fetch of letters {RUN_ID} has not run"
    assert f"--run-id {RUN_ID} --start-job fetch" in caught.value.next
    check_start(CHAIN, "fetch", RUN_ID, bucket)
    run(bucket, "fetch")
    check_start(CHAIN, "count", RUN_ID, bucket)


def test_what_the_first_job_reads_must_be_whole(bucket):
    run(bucket, "fetch")
    (file,) = verdict(bucket, "fetch").manifest.files
    bucket.delete([file.key])
    with pytest.raises(PreflightError) as caught:
        check_start(CHAIN, "count", RUN_ID, bucket)
    assert caught.value.what.endswith("has lost output")
    assert file.key in caught.value.on
