"""Build hook: writes the revision into the wheel, which has no git to ask (hatchling runs this file by its name)."""

import os
import runpy
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VARIABLE = "DMPWORKS_REVISION"  # set by Dockerfile.aws: a build of the image sees no .git


class RevisionHook(BuildHookInterface):
    """Adds dmpworks/revision.txt to a wheel or source archive; an editable install asks git at run time instead."""

    _folder: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file: what the variable says, else what the sources themselves tell."""
        if version == "editable":
            return
        package = Path(self.root, "dmpworks")
        source = runpy.run_path(str(package / "version.py"))
        self._folder = tempfile.TemporaryDirectory(prefix="dmpworks-build-")
        noted = Path(self._folder.name, source["REVISION_FILE"])
        noted.write_text(f"{os.environ.get(VARIABLE) or source['revision'](package)}\n")
        build_data["force_include"][str(noted)] = f"dmpworks/{noted.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the temporary file."""
        if self._folder:
            self._folder.cleanup()
