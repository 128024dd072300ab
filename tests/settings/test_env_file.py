"""The file of settings: what each line means, and that none is ignored silently."""

import pytest

from dmpworks.cli import main
from dmpworks.errors import SettingsError
from dmpworks.settings.env_file import read_settings


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1\n# B=2\n\nC='x y'", {"A": "1", "C": "x y"}),
        ("A=1\nB=${A}-2", {"A": "1", "B": "1-2"}),
        ("B=${SHELL_HAS}", {"B": "from the shell"}),
        ("B=${NOBODY_HAS:-instead}", {"B": "instead"}),
        ("A=pa$$word", {"A": "pa$$word"}),
    ],
)
def test_values(text, values, tmp_path, monkeypatch):
    monkeypatch.setenv("SHELL_HAS", "from the shell")
    (tmp_path / "file").write_text(text)
    assert read_settings(tmp_path / "file") == values


def test_a_name_that_is_set_twice_is_refused(tmp_path):
    (tmp_path / "file").write_text("A=1\nB=2\nA=3\n")
    with pytest.raises(SettingsError, match="A is set twice") as caught:
        read_settings(tmp_path / "file")
    assert caught.value.on.endswith("lines 1 and 3")


def test_a_file_that_does_not_exist_is_reported_as_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["runs", "list"])
    assert f".env.aws-batch (not in {tmp_path})" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["runs", "list", "--env-file", "nosuch.env"])
    assert f"on:   {tmp_path}/nosuch.env" in capsys.readouterr().err
