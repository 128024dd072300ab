"""A command to paste means the same run: options that say where the runs are go with it."""

import pytest

from dmpworks.cli import main


def said(arguments, capsys):
    """Return what a command that fails says on stderr, in lines."""
    with pytest.raises(SystemExit):
        main(arguments)
    return capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("words", [["--bucket-name", "{}"], ["--bucket-name={}"]])
def test_an_error_repeats_the_bucket(bucket, capsys, words):
    given = [word.format(bucket.name) for word in words]
    hint = said(["runs", "show", "ror/2026-10-01", *given], capsys)[-1]
    assert hint.endswith(f"dmpworks runs list shows them (with --bucket-name={bucket.name})")


def test_an_error_repeats_the_file_of_settings(bucket, tmp_path, capsys):
    (tmp_path / "my prod").write_text(f"BUCKET_NAME={bucket.name}\n")
    hint = said(["runs", "show", "ror/2026-10-01", "--env-file", str(tmp_path / "my prod")], capsys)[-1]
    assert hint.endswith(f"(with '--env-file={tmp_path}/my prod')")


def test_nothing_is_repeated_that_stands_in_the_environment(bucket, monkeypatch, capsys):
    monkeypatch.setenv("BUCKET_NAME", bucket.name)
    assert said(["runs", "show", "ror/2026-10-01"], capsys)[-1].endswith("dmpworks runs list shows them")


def test_a_command_that_has_it_already_is_left_alone(bucket, data, capsys):
    release = data / "planted" / "ror" / "2026-10-01" / "download"
    options = ["--run-id", "2026-10-01", "--download-url", str(release), "--hash", "md5:" + "0" * 32]
    lines = said(["run", "ror", "--bucket-name", bucket.name, *options], capsys)
    assert lines[-1].count("--bucket-name") == 1
    watched = said(["runs", "watch", "--bucket-name", bucket.name], capsys)
    assert watched[-1] == f"  each command above (with --bucket-name={bucket.name})"
