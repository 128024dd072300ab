"""Records the terminal session of `how-to/a-run-from-start-to-end.md` anew, by hand: `python -m docs.record_session`.

The page's prose and commands stay; what stands below each `$` in its blocks is replaced by what the command says now,
against moto's AWS Batch whose jobs run in the real image (podman, as root: see tests/servers/containers.py).
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.containers.chain import DAMAGED, WHOLE, lay_out_releases, serving
from tests.servers.containers import Batch, build_image, open_engine, running_batch

PAGE = Path(__file__).parent / "how-to" / "a-run-from-start-to-end.md"
BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
SETTINGS = re.compile(r"^```ini\n(.*?)^```", re.M | re.S)
BUCKET, USER, HOST = "my-bucket", "ada", "laptop"
SITE = "https://files.ror.test"  # as long as http://127.0.0.1:12345, so that tables keep their shape
LAST_MONTH = "batch-submit ror --run-id=2026-09-01 --watch"


def main() -> None:
    """Run every command of the page and write what it says."""
    engine = open_engine()
    with tempfile.TemporaryDirectory(prefix="dmpworks-session-") as folder:
        home, releases = Path(folder, "home"), Path(folder, "releases")
        home.mkdir()
        releases.mkdir()
        _lay_out_months(releases)
        with running_batch(engine, build_image(engine), Path(folder)) as batch, serving(releases) as url:
            batch.client("s3").create_bucket(Bucket=BUCKET)
            PAGE.write_text(_recorded(PAGE.read_text(), Terminal(batch, home, url)))


def _lay_out_months(folder: Path) -> None:
    """Name the releases as a publisher would; that of October is the damaged one."""
    lay_out_releases(folder)
    (folder / WHOLE).rename(folder / "2026-09-01-ror-data.zip")
    (folder / DAMAGED).rename(folder / "2026-10-01-ror-data.zip")


class Terminal:
    """A shell on the operator's machine; what is of this machine goes by other names on the page."""

    def __init__(self, batch: Batch, home: Path, url: str) -> None:
        self._home, self._url = home, url
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self._environment = batch.environment | {"PATH": path, "HOME": str(home), "LOGNAME": USER}

    def settings(self, text: str) -> None:
        """Write the settings file."""
        (self._home / ".env.aws-batch").write_text(text.replace(SITE, self._url))

    def says(self, command: str) -> str:
        """Return what a command says, both streams together."""
        print("$", command, file=sys.stderr, flush=True)
        done = subprocess.run(
            ["bash", "-c", command.replace(SITE, self._url)],
            env=self._environment,
            cwd=self._home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = done.stdout.replace(self._url, SITE).replace(f"@{os.uname().nodename}", f"@{HOST}")
        return "\n".join(line.rstrip() for line in said.splitlines())


def _recorded(page: str, terminal: Terminal) -> str:
    settings = SETTINGS.search(page)
    assert settings, "the page shows its settings file"
    terminal.settings(settings[1])
    terminal.says(f"dmpworks {LAST_MONTH} --download-url={SITE}/2026-09-01-ror-data.zip")
    return BLOCK.sub(lambda block: f"```console\n{_block(block[1], terminal)}```", page)


def _block(text: str, terminal: Terminal) -> str:
    commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{terminal.says(command)}\n" for command in commands)


if __name__ == "__main__":
    main()
