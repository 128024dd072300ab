"""The generated files are those that the declarations give, and every command shown to a reader parses."""

import re
import shlex
from pathlib import Path

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.cli import build_app
from dmpworks.errors import SettingsError
from dmpworks.jobs.reference import reference, write_reference
from dmpworks.jobs.wiring import submit_settings

ROOT = Path(__file__).parent.parent
RUN_BY_ITS_TEST = "add-a-dataset.md"  # whose commands are of a chain that only tests/test_add_a_dataset.py adds
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands() -> list[tuple[str, str]]:
    """Return every `dmpworks ...` line of a code block, with the page it stands on; of a session what follows a `$`."""
    found = []
    for page in (page for page in PAGES if page.name != RUN_BY_ITS_TEST):
        for block in re.findall(r"^```(?:bash|sh|console|)\n(.*?)^```", page.read_text(), re.M | re.S):
            joined = block.replace("\\\n", " ")
            found += [(page.name, line[2:] if line.startswith("$ ") else line) for line in joined.splitlines()]
    return [(page, line) for page, line in found if line.startswith("dmpworks ")]


def test_generated_files_are_up_to_date(capsys):
    write_reference(CHAINS, ROOT, check=True)
    assert "up to date" in capsys.readouterr().err


def test_a_stale_file_is_named(tmp_path):
    (tmp_path / "dmpworks").mkdir()
    write_reference(CHAINS, tmp_path, check=False)
    (tmp_path / "docs/reference/ror.md").write_text("old")
    (tmp_path / "docs/reference/gone.md").write_text("a chain that was removed")
    with pytest.raises(SettingsError) as caught:
        write_reference(CHAINS, tmp_path, check=True)
    assert caught.value.on == "docs/reference/ror.md, docs/reference/gone.md"
    write_reference(CHAINS, tmp_path, check=False)
    assert not (tmp_path / "docs/reference/gone.md").exists()


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_every_setting_is_in_the_example_and_the_reference(chain):
    files = reference(CHAINS)
    for setting in submit_settings(chain):
        assert f"`{setting.variable}`" in files[f"docs/reference/{chain.name}.md"]
        assert setting.secret != (f"\n# {setting.variable}=" in files[".env.aws-batch.example"]), setting.variable


@pytest.mark.parametrize(("page", "line"), commands())
def test_every_command_shown_parses(page, line):
    tokens = shlex.split(line.split(" #")[0].split(" > ")[0].split(" | ")[0])[1:]
    app = build_app()
    if "--help" in tokens:
        chosen, _, rest = app.parse_commands([token for token in tokens if token != "--help"])
        assert rest == [] and chosen, line
        return
    app.parse_args(tokens, exit_on_error=False, print_error=False)


def test_commands_are_shown_at_all():
    assert len(commands()) > 10
