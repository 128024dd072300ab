"""Settings: precedence, conversion, and messages that say where we looked."""

from pathlib import Path
from typing import Annotated

import pytest

from dmpworks.errors import SettingsError
from dmpworks.jobs.commands import retry_command, sources
from dmpworks.jobs.containers import container_environment, recorded_settings
from dmpworks.jobs.wiring import (
    chain_settings,
    job_settings,
    prefixes,
    size_settings,
    sized,
    start_job_setting,
    submit_settings,
    variables,
)
from dmpworks.settings.declare import DOES_NOT_AFFECT_OUTPUT, Secret, declared, settings
from dmpworks.settings.resolve import Resolved, Sources, check_unknown, resolve
from tests.jobs.sample import CHAIN

BY_VARIABLE = {setting.variable: setting for setting in submit_settings(CHAIN)}
FILE = ".env.aws-batch"


def found(variable, options=None, environ=None, file=None):
    return Sources(options or {}, environ or {}, file or {}, FILE).find(BY_VARIABLE[variable])


def test_option_beats_environment_beats_file_beats_default():
    places = {"options": {"LETTERS_SOURCE": "a"}, "environ": {"LETTERS_SOURCE": "b"}, "file": {"LETTERS_SOURCE": "c"}}
    assert found("LETTERS_SOURCE", **places) == "a"
    assert found("LETTERS_SOURCE", environ=places["environ"], file=places["file"]) == "b"
    assert found("LETTERS_SOURCE", file=places["file"]) == "c"
    assert found("LETTERS_COUNT_LIMIT") is None


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("LETTERS_COUNT_CASE", "true", True),
        ("LETTERS_COUNT_CASE", "No", False),
        ("LETTERS_COUNT_LIMIT", "12", 12),
        ("LETTERS_COUNT_ONLY", "a, b,", ("a", "b")),
        ("ENV", "stage", "stage"),
        ("LETTERS_PASSWORD", "xyz", Secret("xyz")),
        ("LETTERS_RUN_ID", "2026-10-01", "2026-10-01"),
    ],
)
def test_texts_become_values_and_texts_again(variable, text, value):
    assert found(variable, environ={variable: text}) == value
    if variable != "LETTERS_PASSWORD":
        again = BY_VARIABLE[variable].text(value)
        assert found(variable, environ={variable: again}) == value


@pytest.mark.parametrize("text", ["https://ada:hunter2@search", "s3://hunter2@bucket/key"])
def test_an_address_that_holds_a_password_is_refused_and_never_shown(text):
    for places in ({"options": {"LETTERS_SOURCE": text}}, {"environ": {"LETTERS_SOURCE": text}}):
        with pytest.raises(SettingsError) as caught:
            found("LETTERS_SOURCE", **places)
        assert caught.value.what == "LETTERS_SOURCE holds a user or a password, and is no secret"
        assert "hunter2" not in str(caught.value)
    assert found("LETTERS_SOURCE", environ={"LETTERS_SOURCE": "https://x/a@b"}) == "https://x/a@b"
    assert found("LETTERS_PASSWORD", environ={"LETTERS_PASSWORD": text}) == Secret(text)


@pytest.mark.parametrize(
    ("variable", "text", "allowed"),
    [
        ("LETTERS_COUNT_CASE", "maybe", "true or false"),
        ("LETTERS_COUNT_LIMIT", "many", "a whole number"),
        ("ENV", "production", "dev or stage or prod"),
        ("LETTERS_RUN_ID", "October", "YYYY-MM-DD"),
    ],
)
def test_a_wrong_value_names_variable_source_and_what_is_allowed(variable, text, allowed):
    with pytest.raises(SettingsError) as caught:
        found(variable, file={variable: text})
    assert caught.value.what == f"{variable} cannot be {text!r}"
    assert FILE in caught.value.on
    assert allowed in caught.value.next


def test_a_missing_setting_says_each_place_that_was_looked_in():
    with pytest.raises(SettingsError) as caught:
        resolve(chain_settings(CHAIN), Sources({}, {"BUCKET_NAME": "b"}, {}, FILE), CHAIN.prefix)
    assert caught.value.what == "LETTERS_RUN_ID, LETTERS_SOURCE are not set"
    assert "the option --run-id, the environment, .env.aws-batch" in caught.value.on
    assert caught.value.exit_code == 2


def test_a_setting_is_only_demanded_by_a_job_that_will_run():
    environ = {"BUCKET_NAME": "b", "LETTERS_RUN_ID": "2026-10-01"}
    values = resolve(job_settings(CHAIN, CHAIN.job("count")), Sources({}, environ, {}, FILE), CHAIN.prefix)
    assert not [setting for setting in chain_settings(CHAIN) if setting.field == "source" and setting in values]


@pytest.mark.parametrize("place", ["environ", "file"])
def test_an_unknown_variable_of_ours_stops_with_the_nearest_name(place):
    places = {"environ": {}, "file": {}} | {place: {"LETTERS_SORCE": "x"}}
    with pytest.raises(SettingsError) as caught:
        check_unknown(variables([CHAIN]), prefixes([CHAIN]), Sources({}, places["environ"], places["file"], FILE))
    assert caught.value.what == "unknown setting LETTERS_SORCE"
    assert caught.value.next == "did you mean LETTERS_SOURCE?"


def test_variables_of_others_are_left_alone():
    environ = {"PATH": "/bin", "AWS_PROFILE": "x", "ENVIRONMENT": "y", "AWS_BATCH_JOB_ID": "z"}
    check_unknown(variables([CHAIN]), prefixes([CHAIN]), Sources({}, environ, {"AWS_PROFILE": "x"}, FILE))


def test_options_are_named_by_level():
    names = {setting.variable: setting.option(CHAIN.prefix) for setting in submit_settings(CHAIN)}
    assert names["LETTERS_SOURCE"] == "--source"
    assert names["LETTERS_COUNT_CASE"] == "--count.case"
    assert names["LETTERS_RUN_ID"] == "--run-id"
    assert names["BUCKET_NAME"] == "--bucket-name"
    assert start_job_setting(CHAIN).default == "fetch"


def test_a_secret_never_shows():
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret!r} {secret}"
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize("text", ["2026-13-45", "2026-02-30", "20261001", "2026-10-1"])
@pytest.mark.parametrize("place", ["options", "environ", "file"])
def test_a_run_id_that_is_no_date_is_refused_wherever_it_stands(text, place):
    with pytest.raises(SettingsError) as caught:
        found("LETTERS_RUN_ID", **{place: {"LETTERS_RUN_ID": text}})
    assert caught.value.what == f"LETTERS_RUN_ID cannot be {text!r}"


@pytest.mark.parametrize("number", [-1, float("nan"), float("inf")])
def test_numbers_begin_at_zero_and_end_somewhere(number):
    with pytest.raises(SettingsError) as caught:
        found("LETTERS_COUNT_LIMIT", {"LETTERS_COUNT_LIMIT": number})
    assert caught.value.next == "give a number from 0 on"


@pytest.mark.parametrize("empty", ["", ()])
def test_an_empty_option_is_none_just_as_an_empty_variable(empty):
    assert found("LETTERS_SOURCE", {"LETTERS_SOURCE": empty}, {"LETTERS_SOURCE": "b"}) == "b"
    assert found("LETTERS_SOURCE", environ={"LETTERS_SOURCE": ""}, file={"LETTERS_SOURCE": "c"}) == "c"


def test_a_container_gets_nothing_for_what_is_not_set():
    environ = {"BUCKET_NAME": "b", "LETTERS_RUN_ID": "2026-10-01", "LETTERS_COUNT_ONLY": ","}
    values = resolve(chain_settings(CHAIN, [CHAIN.job("count")]), Sources({}, environ, {}, FILE), CHAIN.prefix)
    assert container_environment(CHAIN, CHAIN.job("count"), values) == {
        "BUCKET_NAME": "b",
        "ENV": "dev",
        "LETTERS_RUN_ID": "2026-10-01",
        "LETTERS_COUNT_CASE": "false",
    }


def test_what_a_person_writes_into_the_file(tmp_path):
    path = tmp_path / "mine"
    path.write_bytes(
        b'\xef\xbb\xbfexport BUCKET_NAME="./my data"\r\n# a comment\r\n\r\n'
        b"LETTERS_RUN_ID='2026-10-01'\r\nLETTERS_SOURCE=caf\xc3\xa9 $HOME # the end\r\nENV=\r\n"
    )
    assert sources({}, path, {}).file == {
        "BUCKET_NAME": "./my data",
        "LETTERS_RUN_ID": "2026-10-01",
        "LETTERS_SOURCE": "caf\u00e9 $HOME",
        "ENV": "",
    }


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"ENV=dev\nBUCKET_NAME\n", "a line of the settings is not NAME=value"),
        (b"ENV=dev\nBUCKET_NAME hunter2\n", "a line of the settings is not NAME=value"),
        (b"\xff\xfeE\x00", "the file of settings cannot be read"),
    ],
)
def test_a_file_that_cannot_be_understood_stops(tmp_path, content, what):
    (tmp_path / "mine").write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        sources({}, tmp_path / "mine", {})
    assert caught.value.what == what
    assert ("line 2" in caught.value.on) == ("line" in what)
    assert "hunter2" not in str(caught.value)


def test_a_folder_is_no_file_of_settings(tmp_path):
    with pytest.raises(SettingsError) as caught:
        sources({}, tmp_path, {})
    assert caught.value.what == "the file of settings cannot be read"


def test_the_command_to_go_on_with_can_be_pasted():
    options = {"BUCKET_NAME": "./my data", "LETTERS_COUNT_CASE": False, "LETTERS_COUNT_ONLY": ("a", "b")}
    assert retry_command("run", CHAIN, options, Path("my file"), "count") == (
        "dmpworks run letters '--bucket-name=./my data' --count.case=false --count.only=a,b --start-job=count"
        " --env-file 'my file'"
    )


def test_sizes_are_settings_of_the_submitting_side():
    found = {setting.variable: setting for setting in size_settings(CHAIN)}
    assert list(found)[3:] == ["LETTERS_COUNT_VCPUS", "LETTERS_COUNT_MEMORY", "LETTERS_COUNT_TIMEOUT"]
    assert found["LETTERS_COUNT_MEMORY"].option(CHAIN.prefix) == "--count.memory"
    assert [setting.default for setting in found.values()] == [2, 4096, 86400, 32, 250_880, 86400]
    assert not set(found) & {setting.variable for setting in chain_settings(CHAIN)}


def test_a_job_is_as_large_as_the_settings_say():
    places = Sources(
        {"LETTERS_COUNT_VCPUS": 8}, {"LETTERS_COUNT_MEMORY": "1000"}, {"LETTERS_COUNT_TIMEOUT": "60"}, FILE
    )
    job = sized(CHAIN, CHAIN.job("count"), resolve(size_settings(CHAIN), places, CHAIN.prefix))
    assert (job.size.vcpus, job.size.memory, job.size.large, job.timeout) == (8, 1000, True, 60)
    assert CHAIN.job("count").size.vcpus == 32


def test_the_start_job_may_be_found_out():
    assert start_job_setting(CHAIN).parse("auto", FILE) == "auto"
    with pytest.raises(SettingsError):
        start_job_setting(CHAIN).parse("nothing", FILE)


def test_a_field_that_changes_no_output_is_marked():
    @settings(prefix="LETTERS_READ")
    class Reading:
        workers: Annotated[int, "Processes.", "one per core", DOES_NOT_AFFECT_OUTPUT] = 0
        alphabet: Annotated[str, "Which."] = "Latin"

    workers, alphabet = declared(Reading)
    assert (workers.affects_output, alphabet.affects_output) == (False, True)
    assert (workers.default_text, alphabet.default_text) == ("one per core", "Latin")


def test_a_record_of_a_submission_holds_all_but_secrets_and_is_read_again():
    environ = {"BUCKET_NAME": "b", "LETTERS_RUN_ID": "2026-10-01", "LETTERS_SOURCE": "x", "LETTERS_PASSWORD": "hunter2"}
    environ |= {"LETTERS_COUNT_ONLY": "a,b", "LETTERS_COUNT_VCPUS": "8", "LETTERS_START_JOB": "count"}
    values = resolve(submit_settings(CHAIN), Sources({}, environ, {}, FILE), CHAIN.prefix)
    recorded = recorded_settings(CHAIN, values)
    assert recorded["LETTERS_COUNT_VCPUS"] == "8"
    assert not {"LETTERS_PASSWORD", "LETTERS_START_JOB"} & set(recorded)
    again = resolve(submit_settings(CHAIN), Sources({}, recorded, {}, FILE), CHAIN.prefix)
    assert again == values | Resolved({"LETTERS_PASSWORD": None, "LETTERS_START_JOB": "fetch"})
